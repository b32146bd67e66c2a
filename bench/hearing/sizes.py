"""How much is measured: all of it, or with `BENCH_SHARE=0.05` so small a share, to try a benchmark."""

import os


def share() -> float:
    """From above 0 to 1. Raises `ValueError`."""
    found = float(os.environ.get("BENCH_SHARE") or 1)
    if not 0 < found <= 1:
        raise ValueError(f"BENCH_SHARE is {found}; it has to lie above 0 and be 1 at most")
    return found


def count(whole: int, at_least: int = 1) -> int:
    """This share of so many."""
    return max(at_least, round(whole * share()))
