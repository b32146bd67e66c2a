"""A hostile file can take down its own child process and nothing else, and reaches no other file and no network."""

import signal

import pytest

from jobs.errors import (
    DecodingFailed,
    MediaLimitExceeded,
    MediaTimeout,
    StorageUnavailable,
    Unexpected,
    WorkerLost,
)
from jobs.media import sandbox


def test_within_the_child_nothing_else_can_be_opened(reader) -> None:
    body = """
        from jobs.media.sandbox_child import no_further_files
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
