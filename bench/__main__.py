"""`make bench`: run every benchmark on servers and data of its own and print what came out, as JSON."""

import json
from pathlib import Path

from alembic import command

from bench import recognition, requests
from store.database import engine
from store.migrations import config

SAMPLE = Path(__file__).parents[1] / "sample" / "coaching-dialogue.flac"


def main() -> None:
    with engine().connect() as connection:
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        connection.commit()
    figures = {
        "recognition of the sample": recognition.measure(SAMPLE, SAMPLE.with_suffix(".txt")),
        "status answers": requests.measure(),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
