"""Crash points of the engine `google`, and which functions of the product are wrapped for them (seams.py)."""

from tests.faults.crash_points import Action, CrashPoint, Until, around_commit

SUBMITTED = ("submit.accepted",)  # dies with an operation that has no name yet, so that it is searched for
WORK = (
    CrashPoint("worker.dequeued"),
    CrashPoint("horse.woken"),
    *around_commit("claim", "look"),
    CrashPoint("claim.before_first_heartbeat"),
    *around_commit("heartbeat"),
    CrashPoint("convert.begins"),
    CrashPoint("convert.made"),
    CrashPoint("convert.stored"),
    *around_commit("plan", "intend"),
    CrashPoint("submit.begins"),
    CrashPoint("submit.accepted"),
    *around_commit("accept"),
    CrashPoint("search.begins", needs=SUBMITTED),
    CrashPoint("poll.begins"),
    *around_commit("recognise", "end_operation", "park", "complete"),
    CrashPoint("completed.before_removing"),
    CrashPoint("horse.finished"),
    *around_commit("hand_back"),
)
FROZEN = (
    CrashPoint("claim.before_first_heartbeat", Action.STOP),
    CrashPoint("plan.before_commit", Action.STOP),
    CrashPoint("intend.before_commit", Action.STOP),
    CrashPoint("intend.after_commit", Action.STOP),
    CrashPoint("intend.after_commit", Action.SUSPEND, until=Until.SUBMITTED_AGAIN),
    CrashPoint("submit.begins", Action.STOP),
    CrashPoint("submit.begins", Action.SUSPEND, until=Until.SUBMITTED_AGAIN),
    CrashPoint("submit.accepted", Action.STOP),
    CrashPoint("accept.begins", Action.HANG),
    CrashPoint("accept.before_commit", Action.STOP),
    CrashPoint("recognise.begins", Action.SUSPEND),
    CrashPoint("recognise.before_commit", Action.STOP),
    CrashPoint("park.before_commit", Action.STOP),
    CrashPoint("complete.begins", Action.SUSPEND),
)
END_ABANDONED = (
    CrashPoint("abandoned.before_cancelling"),
    CrashPoint("abandoned.after_cancelling"),
    *around_commit("abandoned"),
)

CLIENT = "jobs.engines.google.client:SpeechConnection"
WRITER = "store.audio.google_upload:GoogleAudioWriter"
# Functions that make a transaction of their own: its COMMIT passes `step.before_commit` and `.after_commit`
STEPS = {
    "web": {},
    "worker": {
        "jobs.remote.ledger:Ledger.plan": "plan",
        "jobs.remote.ledger:Ledger.intend": "intend",
        "jobs.remote.ledger:Ledger.accepted": "accept",
        "jobs.remote.ledger:Ledger.recognised": "recognise",
        "jobs.remote.ledger:Ledger.ended": "end_operation",
        "jobs.remote.ledger:Ledger.park": "park",
    },
    "reconciler": {"jobs.remote.abandoned:_change": "abandoned"},
}
BEFORE = {
    "web": {f"{WRITER}.finish": "audio.before_storing"},
    "worker": {
        "jobs.remote.audio:to_flac": "convert.begins",
        f"{CLIENT}.batch_recognize": "submit.begins",
        f"{CLIENT}.operations": "search.begins",
        f"{CLIENT}.get_operation": "poll.begins",
        "jobs.remote.ledger:Ledger.accepted": "accept.begins",
        "jobs.remote.ledger:Ledger.recognised": "recognise.begins",
        "jobs.remote.attempt:Look.remove_converted": "completed.before_removing",
    },
    "reconciler": {f"{CLIENT}.cancel_operation": "abandoned.before_cancelling"},
}
AFTER = {
    "web": {f"{WRITER}.finish": "audio.after_storing"},
    "worker": {
        "jobs.remote.audio:to_flac": "convert.made",
        "jobs.remote.audio:_convert": "convert.stored",
        f"{CLIENT}.batch_recognize": "submit.accepted",
    },
    "reconciler": {f"{CLIENT}.cancel_operation": "abandoned.after_cancelling"},
}
# What is slow in production: seconds
FASTER = {
    "jobs.outcome:INSTALLATION_WAIT_SEC": 2.0,
    "jobs.remote.attempt:STOPPED_SEC": 2.0,
    "jobs.remote.polling:LONGEST_BACKOFF_SEC": 4.0,
}
