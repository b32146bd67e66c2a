"""One fork server for many recordings: replaced when it dies, shared by several at once, and nothing is left over."""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from jobs.errors import MediaTimeout, TranscriptDeskError, WorkerLost
from jobs.media import fork_server, sandbox

REPORT = "import os\nfrom jobs.media import sandbox_child\nsandbox_child.report(os.getpid())"
Reader = Callable[..., dict[str, object]]


def kill_the_server() -> fork_server.ForkServer:
    server = fork_server.current()
    os.kill(server.pid, signal.SIGKILL)
    return server


def children_of_the_server() -> list[psutil.Process]:
    return psutil.Process(fork_server.current().pid).children()


def test_it_serves_more_than_one_request(reader: Reader) -> None:
    first, second = (reader("import os\nreturn {'pid': os.getpid(), 'parent': os.getppid()}") for _ in range(2))
    assert first["parent"] == second["parent"] == fork_server.current().pid
    assert first["pid"] != second["pid"]


def test_no_secret_is_in_its_memory(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://coach:xyzzy@db/desk")
    code = "from pathlib import Path\nreturn {who: Path(f'/proc/{who}/environ').read_text() for who in ('self', %d)}"
    environments = reader(code % fork_server.current().pid)
    assert "OPENBLAS_NUM_THREADS=1" in str(environments)
    assert "xyzzy" not in str(environments)


def test_a_child_holds_no_file_of_the_servers_or_of_another_child(reader: Reader) -> None:
    """One that did would keep an asker from seeing that the other end is closed, or ask in the server's name."""
    listing = """
        import os
        os.chdir("/proc/self/fd")
        return {name: os.readlink(name) for name in os.listdir() if os.path.lexists(name)}
    """
    held: dict[str, object] = {}

    def look(_: float) -> None:
        held.update(reader(listing))
        raise KeyError

    with pytest.raises(KeyError):
        reader("import signal\n" + REPORT + "\nsignal.pause()", on_progress=look)
    assert set(held) == {"0", "1", "2"}
    assert held["0"] == held["1"]


def test_a_killed_server_is_replaced_at_the_next_request(reader: Reader) -> None:
    for _ in range(3):  # sometimes its death is known before the next request, sometimes not yet
        assert reader("return {'fine': True}") == {"fine": True}
        dead = kill_the_server()
    assert reader("return {'fine': True}") == {"fine": True}
    assert fork_server.current().pid != dead.pid


def test_a_work_horse_finds_out_that_the_server_it_inherited_is_dead(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_server.ForkServer, "has_ended", False)  # the thread that knows is not forked along
    dead = kill_the_server()
    assert reader("return {'fine': True}") == {"fine": True}
    assert fork_server.current() is not dead


def test_a_server_killed_in_the_middle_loses_its_request_and_its_children_alone(reader: Reader) -> None:
    children: list[psutil.Process] = []

    def kill(pid: float) -> None:
        children.append(psutil.Process(int(pid)))
        kill_the_server()

    with pytest.raises(WorkerLost, match="fork server ended"):
        reader("import signal\n" + REPORT + "\nsignal.pause()", on_progress=kill)
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert reader("return {'fine': True}") == {"fine": True}


def test_a_server_that_does_not_answer_is_replaced(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader("return {}")
    frozen = fork_server.current()
    os.kill(frozen.pid, signal.SIGSTOP)
    with monkeypatch.context() as patience:
        patience.setattr(sandbox, "WALL_BASE_SEC", 0.2)
        patience.setattr(sandbox, "LAST_WORD_SEC", 0.2)
        with pytest.raises(MediaTimeout):
            reader("return {}", cpu_sec=0)
    assert frozen.has_ended
    assert reader("return {'fine': True}") == {"fine": True}


def test_servers_that_never_get_to_fork_are_given_up(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkerLost, match="3 fork servers ended"):
        reader("return {}")


def test_requests_run_beside_each_other(reader: Reader, tmp_path: Path) -> None:
    """Each child waits until all four have begun."""
    (tmp_path / "meeting.py").write_text(
        "import os, time\ndef read_in_sandbox(recording, request):\n"
        "    (recording / str(request['number'])).touch()\n"
        "    while len(os.listdir(recording)) < 4:\n        time.sleep(0.001)\n"
        "    return {'number': request['number']}\n"
    )
    room = tmp_path / "room"
    room.mkdir()

    def ask(number: int) -> dict[str, object]:
        return sandbox.read("meeting", room, {"number": number}, memory_mb=256, cpu_sec=20)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [{"number": number} for number in range(4)]
    assert not children_of_the_server()


@pytest.mark.parametrize("body", ["raise KeyError", "import os\nos.abort()", "import signal\nsignal.pause()"])
def test_nothing_is_left_of_a_request_that_fails(body: str, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader("return {}")
    server = psutil.Process(fork_server.current().pid)
    ours, theirs = psutil.Process().num_fds(), server.num_fds()
    monkeypatch.setattr(sandbox, "WALL_BASE_SEC", 1)
    with pytest.raises(TranscriptDeskError):
        reader(body, cpu_sec=0)
    assert (server.children(), server.num_fds()) == ([], theirs)
    assert psutil.Process().num_fds() == ours
    assert fork_server.current().pid == server.pid


def test_a_child_is_gone_before_what_the_caller_raised_travels_on(reader: Reader) -> None:
    def cancelled(_: float) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        reader(REPORT + "\nwhile True: pass", on_progress=cancelled)
    assert not children_of_the_server()


def test_a_machine_that_can_fork_no_more_says_so_and_the_server_lives(reader: Reader) -> None:
    reader("return {}")
    server = psutil.Process(fork_server.current().pid)
    before = server.rlimit(psutil.RLIMIT_NOFILE)
    server.rlimit(psutil.RLIMIT_NOFILE, (server.num_fds() + 1, before[1]))  # enough for the connection alone
    with pytest.raises(TranscriptDeskError, match="Too many open files"):
        reader("return {}")
    server.rlimit(psutil.RLIMIT_NOFILE, before)
    assert reader("return {'fine': True}") == {"fine": True}
    assert fork_server.current().pid == server.pid
