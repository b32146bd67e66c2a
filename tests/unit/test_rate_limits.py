"""Calls in a minute: as many as allowed in any sixty seconds, whoever else calls."""

from api.rate_limits import MOST_CALLERS, Calls

ANNA = ("calls", "anna")


def test_as_many_as_allowed_in_any_minute() -> None:
    now = [0.0]
    calls = Calls(clock=lambda: now[0])
    assert calls.hit(ANNA, 2) == (True, 1, 60)
    now[0] = 20.0
    assert calls.hit(ANNA, 2) == (True, 0, 40)
    assert calls.hit(ANNA, 2) == (False, 0, 40)
    assert calls.hit(("calls", "ben"), 2) == (True, 1, 60)
    now[0] = 60.0
    assert calls.hit(ANNA, 2) == (True, 0, 20)
    assert calls.hit(ANNA, 2) == (False, 0, 20)  # what was refused does not count
    calls.clear()
    assert calls.hit(ANNA, 2) == (True, 1, 60)


def test_callers_who_are_silent_are_forgotten_when_there_are_many() -> None:
    now = [0.0]
    calls = Calls(clock=lambda: now[0])
    for number in range(MOST_CALLERS):
        calls.hit(("calls", str(number)), 5)
    now[0] = 30.0
    assert calls.hit(("calls", "7"), 5) == (True, 3, 30)
    now[0] = 61.0
    assert calls.hit(("calls", "new"), 5) == (True, 4, 60)
    assert len(calls) == 2  # the new one, and who has called within the minute
    assert calls.hit(("calls", "7"), 5) == (True, 3, 29)
