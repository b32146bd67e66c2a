"""How long a session waits before its next try, and what its headline says when there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import messages
from jobs.errors import ErrorKind
from jobs.outcome import backoff_sec


@given(st.integers(1, 60))
def test_the_wait_doubles_to_its_cap_with_a_jitter_of_a_fifth(failures: int) -> None:
    full = min(10 * 2 ** (failures - 1), 600)
    assert 0.8 * full <= backoff_sec(failures) <= full


def test_two_sessions_that_failed_together_do_not_come_back_together() -> None:
    assert len({backoff_sec(3) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("kind", "headline"),
    [
        (ErrorKind.USER, "Processing failed. Please upload another file."),
        (ErrorKind.PERMANENT, "Processing failed. Please upload another file."),
        (ErrorKind.POISON, "Processing failed. Please upload another file."),
        (ErrorKind.RETRYABLE, "Processing failed. Please try again."),
        (ErrorKind.INSTALLATION, "Processing failed. Please try again."),
        (None, "Processing failed. Please try again."),
    ],
)
def test_a_failure_asks_for_another_file_only_where_trying_again_is_no_use(
    kind: ErrorKind | None, headline: str
) -> None:
    assert messages.failed(kind.value if kind else None) == headline
