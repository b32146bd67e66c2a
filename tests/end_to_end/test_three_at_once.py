"""Three sessions at once share the machine, and all three move."""

from jobs import doorbell
from store.states import Status
from tests.instruments.claims import attempts_of, record_of
from tests.instruments.desk import Desk
from tests.instruments.waiting import wait_until


def test_three_sessions_at_once_all_move(desk: Desk) -> None:
    desk.hold()
    sessions = [desk.session(title=f"Session {number}") for number in range(3)]
    doorbell.ring(3)
    for _ in range(3):
        desk.worker()
    wait_until(lambda: all(0 < record_of(session_id).duration_processed < 30 for session_id in sessions))
    records = [record_of(session_id) for session_id in sessions]
    assert {record.status for record in records} == {Status.PROCESSING}
    assert len({record.worker for record in records}) == 3
    assert all(0 < record.progress < 99 for record in records)
    desk.let_go()
    for session_id in sessions:
        desk.until(session_id, Status.COMPLETED)
        assert len(attempts_of(session_id)) == 1
