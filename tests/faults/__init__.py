"""The fault suite: the whole product, killed, frozen, cut off and filled up while sessions arrive; nothing may be lost.

`make faults SESSIONS=240 SECONDS=150 SEED=7` runs it; with `ENGINE=google` beside Google's stand-ins of
tests/google_cloud. docs/decisions/0010-fault-suite.md says how it is built and why.

  plan        schedule  kinds  crash_points  remote_points  options
  the desk    desk  supervise  launch  engine  recordings  seams  sabotage  cloud  sweep
  the faults  lanes  process_faults  queue_faults  database_faults  proxy  disk  point_faults  provider_faults
  the people  clients  journal
  the verdict audit  snapshot  checker  rules_*  measures  report
  baseline    plain_rq  plain_rq_job
"""
