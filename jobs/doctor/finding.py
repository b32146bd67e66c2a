"""What a check found out: one line, and the command or setting that mends it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`ok` None: nothing is wrong, but it is worth knowing, or it cannot be known. `fix` is what to type or to set."""

    name: str
    ok: bool | None
    says: str
    fix: str = ""


def fine(name: str, says: str) -> Finding:
    return Finding(name, True, says)


def wrong(name: str, says: str, fix: str) -> Finding:
    return Finding(name, False, says, fix)


def note(name: str, says: str, fix: str = "") -> Finding:
    return Finding(name, None, says, fix)


def in_short(error: BaseException) -> str:
    """An error's first line, without what a library adds below it."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
