"""Cancelling a session ends its operation at the provider; nothing is paid for twice when it is tried again."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from jobs import retry_cancel
from jobs.claim import claim_parked
from jobs.engines.protocol import SubmissionUnknown
from jobs.errors import ProviderBusy, ProviderUnavailable
from jobs.heartbeat import ClaimLost
from jobs.remote.abandoned import end_abandoned
from jobs.remote.ledger import Ledger
from store import remote_operations
from store.remote_operations import Operation
from store.states import Status
from tests.instruments.claims import record_of
from tests.instruments.provider import Provider
from tests.integration.remote.conftest import look, make_due, make_older, operations_of


def cancel(session_id: uuid.UUID) -> None:
    retry_cancel.cancel(session_id, actor="coach")


def test_the_operation_of_a_cancelled_session_is_cancelled(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    cancel(session_id)
    end_abandoned()
    assert provider.operations[0].asked_to_end
    provider.operations[0].gone = True
    end_abandoned()
    assert [operation.outcome for operation in operations_of(session_id)] == ["cancelled"]
    assert end_abandoned() == 0


def test_a_session_under_way_is_left_alone(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    assert end_abandoned() == 0
    assert "cancel" not in provider.calls


def test_a_provider_that_is_away_is_asked_again(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    cancel(session_id)
    provider.fail("cancel", ProviderUnavailable())
    end_abandoned()
    assert not provider.operations[0].asked_to_end
    end_abandoned()
    assert provider.operations[0].asked_to_end


def test_an_operation_whose_name_was_never_learned_is_found_and_cancelled(
    provider: Provider, session_id: uuid.UUID
) -> None:
    provider.fail("submit", SubmissionUnknown())
    look()
    cancel(session_id)
    end_abandoned()
    assert provider.operations[0].asked_to_end


def test_one_that_was_never_accepted_is_forgotten(provider: Provider, session_id: uuid.UUID) -> None:
    provider.unseen = True
    provider.fail("submit", SubmissionUnknown())
    look()
    cancel(session_id)
    end_abandoned()
    assert operations_of(session_id)[0].outcome is None
    make_older(session_id, 200)
    end_abandoned()
    assert operations_of(session_id)[0].outcome == "never"


def test_a_retry_takes_the_result_that_came_in_spite_of_the_cancellation(
    provider: Provider, session_id: uuid.UUID
) -> None:
    look()
    cancel(session_id)
    end_abandoned()
    provider.finish()
    end_abandoned()
    assert end_abandoned() == 0, "it is kept, and not asked about again"
    retry_cancel.retry(session_id, actor="coach")
    look()
    assert record_of(session_id).status is Status.COMPLETED
    assert len(provider.operations) == 1


def test_a_retry_waits_until_the_cancelled_operation_has_ended(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    cancel(session_id)
    end_abandoned()
    retry_cancel.retry(session_id, actor="coach")
    look()
    assert len(provider.operations) == 1
    provider.operations[0].gone = True
    look(session_id)
    look(session_id)
    assert len(provider.operations) == 2
    provider.finish()
    look(session_id)
    assert record_of(session_id).status is Status.COMPLETED


def test_a_deleted_session_leaves_no_operation_running(provider: Provider, session_id: uuid.UUID) -> None:
    look()
    cancel(session_id)
    retry_cancel.delete(session_id)
    end_abandoned()
    assert provider.operations[0].asked_to_end
    provider.finish()
    for _ in range(3):
        end_abandoned()
    assert end_abandoned() == 0


def meanwhile(monkeypatch: pytest.MonkeyPatch, *happens: Callable[[], object]) -> None:
    """Between the next reading of abandoned operations and what is done about them."""
    read = remote_operations.abandoned

    def reading(db: Session) -> list[Operation]:
        monkeypatch.setattr(remote_operations, "abandoned", read)
        found = read(db)
        for one in happens:
            one()
        return found

    monkeypatch.setattr(remote_operations, "abandoned", reading)


def test_an_operation_that_is_wanted_again_meanwhile_is_not_cancelled(
    provider: Provider, session_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    cancel(session_id)
    meanwhile(monkeypatch, lambda: retry_cancel.retry(session_id, actor="coach"))
    end_abandoned()
    assert not provider.operations[0].asked_to_end
    provider.finish()
    look()
    assert record_of(session_id).status is Status.COMPLETED
    assert len(provider.operations) == 1


def test_what_was_submitted_meanwhile_is_not_taken_for_what_was_read_before(
    provider: Provider, session_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as never submitted; then a retry submits it and is cancelled: now there is something to end."""
    provider.fail("submit", ProviderBusy())
    look()
    cancel(session_id)
    again = (lambda: retry_cancel.retry(session_id, actor="coach"), look, lambda: cancel(session_id))
    meanwhile(monkeypatch, *again)
    end_abandoned()
    end_abandoned()
    assert [operation.asked_to_end for operation in provider.operations] == [True]


def test_the_end_of_an_operation_may_be_written_twice(provider: Provider, session_id: uuid.UUID) -> None:
    """After an unclear COMMIT it is: the claim is still held, so nobody else can have been first."""
    look()
    make_due()
    claim = claim_parked(worker="host-1", job_id="job-1")
    assert claim is not None
    (operation,) = operations_of(session_id)
    for _ in range(2):
        Ledger(claim).recognised(operation, [])
    with pytest.raises(ClaimLost):
        Ledger(claim).ended(operation, "failed")
