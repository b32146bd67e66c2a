"""The advisory locks of this product: no two of them may be the same."""

MIGRATION = 7_208_401  # several hosts may start at once: one migrates, the others wait
CLAIM = 7_208_402  # one claim at a time, so that their order holds among all workers
FIRST_SIGN_IN = 7_208_403  # two first sign-ins at once: one of them is the first
STATISTICS = 7_208_404  # one refresh at a time
