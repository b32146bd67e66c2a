"""Sees to Whisper base: `python -m tools.setup_weights`, after the packages, before everything that `make` starts.

0 in any case: without it the desk steps down to smaller weights and says so, and the next `make` tries again.
"""

import sys
import time

from pydantic import ValidationError

from jobs.engines.whisper import refused_weights
from jobs.engines.whisper.joining import NotJoined, is_joined, join
from jobs.engines.whisper.weights import joined_folders
from store.settings import Settings, settings

EVERY_SEC = 0.1


def main() -> int:
    """Join it, unless that is done."""
    try:
        configured: Settings | None = settings()
    except ValidationError:  # whoever needs the settings says what is wrong with them
        configured = None
    folders = joined_folders(configured)
    refused = {folder: bool(configured and refused_weights.refusal(folder, configured)) for folder in folders}
    if any(is_joined(folder) and not refused[folder] for folder in folders):
        return 0
    problems: list[str] = []
    for folder in folders:
        try:
            with Progress() as progress:
                join(folder, progress, again=refused[folder])
            if problems:
                say(f"Whisper base stands in {folder}, since {'; '.join(problems)}.")
            return 0
        except NotJoined as problem:
            problems.append(str(problem))
            if not problem.place:
                break
    say(f"Whisper base could not be set up: {'; '.join(problems)}. Until it is, a smaller model writes the words.")
    return 0


class Progress:
    """Says how far it is: on one line of a terminal, else at the beginning and the end only."""

    def __init__(self) -> None:
        self._at = float("-inf")
        self._begun = False

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, done: int, total: int) -> None:
        if not self._begun:
            say("Setting up Whisper base, which turns speech into words", end="" if sys.stdout.isatty() else "\n")
            self._begun = True
        if sys.stdout.isatty() and (done == total or time.monotonic() - self._at > EVERY_SEC):
            self._at = time.monotonic()
            say(f"\rSetting up Whisper base: {done / 1e6:.0f} of {total / 1e6:.0f} MB", end="\033[K")

    def __exit__(self, *_: object) -> None:
        if self._begun and sys.stdout.isatty():
            say("")


def say(text: str, end: str = "\n") -> None:
    """At once, also where the output is collected."""
    print(text, end=end, flush=True)


if __name__ == "__main__":
    sys.exit(main())
