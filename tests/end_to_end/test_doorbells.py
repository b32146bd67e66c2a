"""Doorbells are interchangeable, and nothing but a doorbell is ever run."""

from pathlib import Path

import pytest
from rq import Queue
from rq.serializers import DefaultSerializer, JSONSerializer

from jobs import doorbell
from store.settings import settings
from store.states import Status
from tests.instruments.claims import attempts_of
from tests.instruments.desk import Desk
from tests.instruments.waiting import wait_until


def left_in_queue() -> int:
    with doorbell.connection() as redis:
        return doorbell.queue(redis).count


def test_a_duplicate_doorbell_claims_nothing(desk: Desk) -> None:
    session_id = desk.session()
    doorbell.ring(4)
    desk.worker()
    desk.until(session_id, Status.COMPLETED)
    wait_until(lambda: desk.logged().count("No session is due") == 3)
    assert len(attempts_of(session_id)) == 1
    assert left_in_queue() == 0


def test_without_any_doorbell_the_reconciler_rings(desk: Desk) -> None:
    session_id = desk.session()
    desk.worker()
    desk.reconciler()
    desk.until(session_id, Status.COMPLETED)


@pytest.mark.parametrize("serializer", [JSONSerializer, DefaultSerializer])
def test_a_job_that_names_another_function_is_refused(serializer: object, desk: Desk, tmp_path: Path) -> None:
    """Whoever can write to Redis must not be able to run code here: neither by a name nor by a pickle."""
    folder = tmp_path / "made-by-a-stranger"
    with doorbell.connection() as redis:
        strange = Queue(settings().queue_name, connection=redis, serializer=serializer)
        strange.enqueue("os.mkdir", str(folder))
    session_id = desk.session()
    doorbell.ring()
    worker = desk.worker()
    desk.until(session_id, Status.COMPLETED)
    assert not folder.exists()
    assert "Refused job" in desk.logged()
    assert worker.poll() is None
