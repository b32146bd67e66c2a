"""`make bench`: what this machine makes of the product, as ratios to baselines of the same run.

`make bench ONLY=status,cores` runs some of the benchmarks. What came out is printed, kept in `var/bench.json` (a list
of name, value, goal, met, and where it was measured) and put into the table of docs/benchmarks.md. Exit code 1 when one
could not be measured.
"""

import argparse
import importlib
import os
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from alembic import command

from bench import results
from bench.figures import Figure
from store.database import engine
from store.migrations import config

# What each one measures is said by its module, which has `measure() -> Iterator[Figure]`
BENCHES = (
    "status",
    "polling",
    "dashboards",
    "beside",
    "whole_way",
    "cores",
    "clips",
    "million",
    "peers",
    "memory",
    "speakers",
    "hour",
    "words",
)


def main() -> int:
    arguments = _arguments()
    _migrate()
    missed: list[str] = []
    for name in arguments.only:
        load, begun = os.getloadavg()[0], time.monotonic()
        print(f"{name} (load {load:.1f})", flush=True)
        try:
            found = [_told(figure) for figure in _measured(name)]
        except Exception:  # noqa: BLE001 - the others are measured all the same
            traceback.print_exc()
            missed.append(name)
            continue
        results.keep(name, found, load=load, into=arguments.out)
        print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    if arguments.docs:
        results.tabulate(arguments.out, arguments.docs)
    if missed:
        print(f"Not measured: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def _measured(name: str) -> Iterable[Figure]:
    found: Iterable[Figure] = importlib.import_module(f"bench.{name}").measure()
    return found


def _told(figure: Figure) -> Figure:
    print(f"  {figure.name:82} {figure.text:>9}  {figure.goal:10} {figure.verdict}", flush=True)
    return figure


def _migrate() -> None:
    with engine().connect() as connection:
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        connection.commit()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_names, default=BENCHES, help=f"some of {','.join(BENCHES)}")
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    parser.add_argument("--docs", type=Path, help="the page whose table is renewed")
    return parser.parse_args()


def _names(listed: str) -> tuple[str, ...]:
    chosen = tuple(listed.replace(",", " ").split()) or BENCHES
    if unknown := set(chosen) - set(BENCHES):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
