"""Writes constraints.txt: the installed version of everything that the requirements need, directly or not."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Every version that was tested together, those that nobody asked for by name too. Renew: make lock\n"


def asked_for() -> list[Requirement]:
    """The lines of both requirements files."""
    lines = [
        line for name in ("requirements.txt", "requirements-dev.txt") for line in (ROOT / name).read_text().splitlines()
    ]
    return [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-"))]


def pins() -> dict[str, str]:
    """Name to installed version, of what is asked for and what that needs on this Python and system."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    left = [(requirement.name, extra) for requirement in asked_for() for extra in ("", *requirement.extras)]
    while left:
        name, extra = left.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of another system, or an alternative that pip did not choose
        if canonicalize_name(name) != "pip":  # comes with Python, whichever that is
            found[canonicalize_name(name)] = package.version
        for needed in map(Requirement, package.requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                left += [(needed.name, one) for one in ("", *needed.extras)]
    return found


if __name__ == "__main__":
    lines = [f"{name}=={version}\n" for name, version in sorted(pins().items())]
    (ROOT / "constraints.txt").write_text(HEAD + "".join(lines))
    print(f"constraints.txt now pins {len(lines)} packages.")
