"""A fragment that begins takes what it drew out of what is on its way to the browser: nothing may need it there."""

import uuid
from collections.abc import Callable, Iterable

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from tests.instruments.claims import claimed, finish_chunk
from tests.instruments.screens import opened

PAGES = ("my_sessions.py", "session.py", "history.py", "speed.py", "stalled.py")


@pytest.fixture
def on_its_way(monkeypatch: pytest.MonkeyPatch) -> list[ForwardMsgQueue]:
    """What each run of a page sends, none of which has left yet."""
    queues: list[ForwardMsgQueue] = []
    sent = LocalScriptRunner.forward_msgs

    def forward_msgs(runner: LocalScriptRunner) -> list[ForwardMsg]:
        queues.append(runner.forward_msg_queue)
        return sent(runner)

    monkeypatch.setattr(LocalScriptRunner, "forward_msgs", forward_msgs)
    return queues


@pytest.mark.parametrize("page", PAGES)
def test_a_fragment_that_begins_leaves_a_page_that_can_be_drawn(
    page: str, on_its_way: list[ForwardMsgQueue], new_session: Callable[..., uuid.UUID]
) -> None:
    session_id = new_session()
    finish_chunk(claimed())
    new_session()
    opened(page, **({"session": session_id} if page == "session.py" else {}))
    sent = on_its_way[-1]
    messages = list(sent._queue)
    fragments = {message.delta.fragment_id for message in messages} - {""}
    assert fragments
    assert without_place(messages) == []
    for fragment in fragments:
        sent._queue = list(messages)
        sent.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=[fragment])
        assert len(sent._queue) < len(messages)
        assert without_place(sent._queue) == []


def without_place(messages: Iterable[ForwardMsg]) -> list[tuple[int, ...]]:
    """The paths whose block does not exist, or lacks what stands before them."""
    children: dict[tuple[int, ...], int] = {(0,): 0, (1,): 0, (2,): 0, (3,): 0}
    lost = []
    for message in messages:
        if not message.HasField("delta"):
            continue
        path = tuple(message.metadata.delta_path)
        block, index = path[:-1], path[-1]
        if index > children.get(block, -1):
            lost.append(path)
            continue
        children[block] = max(children[block], index + 1)
        if message.delta.HasField("add_block"):
            children.setdefault(path, 0)
    return lost
