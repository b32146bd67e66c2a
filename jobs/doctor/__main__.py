"""`python -m jobs.doctor [--json]`: is this installation well? 0 when nothing is wrong, else 1.

`--settings-only` checks that the settings can be read and prints only what is wrong: `make doctor` does this before it
starts the embedded servers, which need them.
"""

import argparse
import logging
import sys
from collections.abc import Iterable
from functools import partial

from jobs.doctor.checks import (
    database,
    google_account,
    google_speech,
    google_storage,
    machine,
    queue,
    speech,
    storage,
    whisper,
)
from jobs.doctor.checks import settings as settings_checks
from jobs.doctor.examination import Check, examine
from jobs.doctor.finding import Finding
from jobs.doctor.report import as_json, is_well, line, summary
from store.settings import Settings, settings


def checks(configured: Settings) -> list[Check]:
    """What is checked in this installation, in the order in which it is told."""
    chosen = [
        ("settings", settings_checks.settings_agree, "see README.md, Settings"),
        ("postgres", database.database, database.START),
        ("redis", queue.redis, "start Redis, or correct REDIS_URL"),
        ("reconcilers", queue.repairs, "mend Postgres first, then run this again"),
        ("audio store", storage.audio, storage.remedy(configured)),
        ("disk", machine.disk, "VAR_DIR=/a/disk/that/answers"),
        ("ffmpeg libraries", machine.libraries, machine.INSTALL),
        ("whisper weights", whisper.weights_found, whisper.SET_UP),
        ("engine", speech.default_engine, machine.INSTALL),
        ("engines", speech.stops, "mend Postgres first, then run this again"),
        ("ports", machine.ports, "DASHBOARD_PORT=8601 RQ_DASHBOARD_PORT=9281"),
    ]
    if speech.uses_google(configured) or storage.in_bucket(configured):
        chosen.append(("google account", google_account.account, google_account.SIGN_IN))
    if storage.in_bucket(configured):
        chosen.append(("bucket", google_storage.bucket, "check network and proxy settings"))
    if speech.uses_google(configured):
        chosen.append(("speech API", google_speech.speech, "check GOOGLE_REGION, network and proxy settings"))
    patience = {"whisper weights": whisper.PATIENCE_SEC}
    return [Check(name, partial(look, configured), fix, patience.get(name)) for name, look, fix in chosen]


def told(found: Iterable[Finding], *, aloud: bool) -> list[Finding]:
    """All of them; `aloud` prints each as soon as it is known."""
    findings = []
    for finding in found:
        findings.append(finding)
        if aloud:
            print(line(finding), flush=True)
    return findings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs.doctor", description="Is this installation well?")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--settings-only", action="store_true", help="only that the settings can be read")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.CRITICAL, force=True)  # what the libraries log is in the findings
    unreadable = settings_checks.unreadable()
    if options.settings_only and not unreadable:
        return 0
    found = told(unreadable or examine(checks(settings())), aloud=not options.json)
    print(as_json(found) if options.json else summary(found))
    return 0 if is_well(found) else 1


if __name__ == "__main__":
    sys.exit(main())
