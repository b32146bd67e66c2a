"""A check that fails or hangs costs its own findings, and no others."""

import threading
import time
from collections.abc import Iterator

from jobs.doctor.examination import Check, examine
from jobs.doctor.finding import Finding, fine


def well() -> Iterator[Finding]:
    yield fine("well", "fine")


def breaks() -> Iterator[Finding]:
    yield fine("first half", "fine")
    raise OSError("the second half broke\nand more lines")


def test_what_breaks_keeps_what_it_found_and_the_next_one_runs() -> None:
    found = list(examine([Check("breaks", breaks, "mend it"), Check("well", well, "")]))
    assert [(finding.name, finding.ok) for finding in found] == [
        ("first half", True),
        ("breaks", False),
        ("well", True),
    ]
    assert found[1].says == "OSError: the second half broke"
    assert found[1].fix == "mend it"


def test_what_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hangs() -> Iterator[Finding]:
        yield fine("first half", "fine")
        release.wait(60)

    began = time.monotonic()
    found = list(examine([Check("hangs", hangs, "end it"), Check("well", well, "")], patience_sec=0.2))
    release.set()
    assert time.monotonic() - began < 30
    assert [(finding.name, finding.ok) for finding in found] == [("first half", True), ("hangs", False), ("well", True)]
    assert found[1].says == "it did not answer within 0.2 s"
