"""A hostile file can take down its own child process and nothing else, and reaches no other file and no network."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from jobs.errors import (
    DecodingFailed,
    MediaLimitExceeded,
    MediaTimeout,
    NotAudio,
    StorageUnavailable,
    Unexpected,
    WorkerLost,
)
from jobs.media import sandbox
from jobs.media.decode import decode
from jobs.media.probe import probe
from tests import hostile_media as media


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs the given lines as the body of a sandboxed reader."""

    def run(body: str, **limits: float) -> dict[str, object]:
        lines = textwrap.indent(textwrap.dedent(body), "    ")
        (tmp_path / "reader_of_this_test.py").write_text(f"def read_in_sandbox(recording, request):\n{lines}\n")
        bare = sandbox._bare_environment
        environment = {"PYTHONPATH": f"{sandbox.PROJECT}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
        monkeypatch.setattr(sandbox, "_bare_environment", lambda: bare() | environment)
        return sandbox.read("reader_of_this_test", tmp_path / "x", {}, **({"memory_mb": 256, "cpu_sec": 20} | limits))

    return run


def test_no_playlist_opens_another_file_or_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/canary.wav"
        refused = 0
        for path in media.playlists(tmp_path, url):
            with pytest.raises(NotAudio):
                probe(path)
            refused += 1
        with pytest.raises(NotAudio):
            decode(path, tmp_path / "sound.pcm")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert refused == 24
    assert not (tmp_path / "sound.pcm").exists()


def test_within_the_child_nothing_else_can_be_opened(reader) -> None:
    body = """
        from jobs.media.sandbox import no_further_files
        import socket
        opened = []
        with no_further_files():
            for attempt in (lambda: open("/etc/hostname"), socket.socket):
                try:
                    opened.append(str(attempt()))
                except OSError:
                    pass
        return {"opened": opened, "after": open("/etc/hostname").read() != ""}
    """
    assert reader(body) == {"opened": [], "after": True}


def test_no_secret_reaches_the_child(reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://coach:xyzzy@db/desk")
    assert "xyzzy" not in str(reader("import os\nreturn dict(os.environ)"))


def test_memory_is_limited(reader) -> None:
    with pytest.raises(MediaLimitExceeded):
        reader("return {'bytes': len(bytearray(600 * 1024 * 1024))}")
    assert reader("return {'bytes': len(bytearray(100 * 1024 * 1024))}") == {"bytes": 100 * 1024 * 1024}


def test_cpu_time_is_limited(reader) -> None:
    with pytest.raises(MediaLimitExceeded, match="SIGXCPU"):
        reader("while True: pass", cpu_sec=0)


@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGKILL, WorkerLost), (signal.SIGSEGV, DecodingFailed), (signal.SIGABRT, DecodingFailed)],
)
def test_a_child_that_dies_is_named(reader, number: signal.Signals, error: type[Exception]) -> None:
    with pytest.raises(error, match=number.name):
        reader(f"import os\nos.kill(os.getpid(), {int(number)})")


def test_an_unforeseen_error_in_the_child_is_unexpected(reader, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Unexpected, match="ZeroDivisionError"):
        reader("return 1 / 0")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_full_disk_is_the_storages_fault(reader) -> None:
    with pytest.raises(StorageUnavailable, match="No space left"):
        reader("import errno\nraise OSError(errno.ENOSPC, 'No space left on device')")


def test_a_child_that_hangs_is_stopped(reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "WALL_BASE_SEC", 0.5)
    with pytest.raises(MediaTimeout):
        reader("import signal\nsignal.pause()", cpu_sec=0)


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import os, signal\ndef read_in_sandbox(recording, request):\n"
        "    from jobs.media import sandbox\n    sandbox.report(os.getpid())\n    signal.pause()\n"
    )
    code = (
        "from pathlib import Path; from jobs.media import sandbox\n"
        "bare = sandbox._bare_environment()\n"
        f"sandbox._bare_environment = lambda: bare | {{'PYTHONPATH': '{sandbox.PROJECT}:{tmp_path}'}}\n"
        "sandbox.read('sleeper', Path('x'), {}, memory_mb=256, cpu_sec=20,"
        " on_progress=lambda pid: print(int(pid), flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=sandbox.PROJECT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert os.getpgid(child.pid) == os.getpgid(parent.pid)
        parent.kill()
    assert not psutil.wait_procs([child], timeout=10)[1]
