"""Migrates, installs the suite's triggers, and becomes supervisord with the product's own supervisord.conf, in which
only the commands are the suite's launchers. Runs inside `python -m store.embedded --`, as tools/supervise.py does."""

import configparser
import json
import os
import subprocess
import sys
from pathlib import Path

from supervisor import loggers, supervisord

from tests.faults import audit
from tools.supervise import CONFIGURATION, handle_file

URLS = "urls.json"  # where the servers are reached directly, for the suite itself
PROXIED = "FAULTS_PROXIED_DATABASE_URL"  # how the product reaches Postgres
KINDS = {"program:dashboard": "web", "program:worker": "worker", "program:reconciler": "reconciler"}


def configuration(product: str) -> str:
    """The product's configuration with the suite's launchers, without the queue's dashboard."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=None)
    parser.read_string(product)
    for section in parser.sections():
        if section in KINDS:
            parser[section]["command"] = f"python tools/leash.py python -m tests.faults.launch {KINDS[section]}"
        elif section.startswith("program:"):
            parser.remove_section(section)
    lines = [f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in parser[section].items()) for section in parser]
    return "\n".join(line for line in lines if not line.startswith("[DEFAULT]"))


def main() -> int:
    """The migration's exit code when it fails; else that of supervisord."""
    var_dir = Path(os.environ["VAR_DIR"])
    direct = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    migrated = subprocess.run([sys.executable, "-m", "store.migrations", "upgrade"], check=False)
    if migrated.returncode != 0:
        return migrated.returncode
    audit.install(direct["DATABASE_URL"])
    unfinished = var_dir / f"{URLS}.new"
    unfinished.write_text(json.dumps(direct))
    unfinished.rename(var_dir / URLS)
    os.environ["DATABASE_URL"] = os.environ[PROXIED]
    ours = var_dir / "supervisord.conf"
    ours.write_text(configuration(CONFIGURATION.read_text()))
    loggers.handle_file = handle_file
    supervisord.main(["--nodaemon", "--configuration", str(ours), "--user", str(os.getuid())])
    return 0


if __name__ == "__main__":
    sys.exit(main())
