"""The embedded servers, as real processes: they serve, come back, are shared, and leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psutil
import psycopg2
import pytest
import redis

from store.embedded import EmbeddedUrls, embedded_servers

PATIENCE_SEC = 60.0
SAYS_URLS_AND_WAITS = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True); input()"

Found = TypeVar("Found")


def wait_for(probe: Callable[[], Found | None], what: str) -> Found:
    """The first true answer of `probe`; a failed test after a minute."""
    deadline = time.monotonic() + PATIENCE_SEC
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE_SEC:.0f} s for: {what}")


@pytest.fixture
def var_dir() -> Iterator[Path]:
    # Not tmp_path: as root Postgres runs as another user, and pytest keeps its folders to itself
    with tempfile.TemporaryDirectory(prefix="embedded-test-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def environment(var_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {"VAR_DIR": str(var_dir)} | more


def wrap(*command: str) -> list[str]:
    return [sys.executable, "-m", "store.embedded", "--fast", *command]


def run(var_dir: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        wrap("--", *command), env=environment(var_dir, **more), capture_output=True, text=True, timeout=PATIENCE_SEC
    )


@contextmanager
def wrapper(var_dir: Path, *options: str, code: str = SAYS_URLS_AND_WAITS) -> Iterator[subprocess.Popen[str]]:
    """A wrapper around a Python command that waits for a line on its standard input."""
    command = wrap(*options, "--", sys.executable, "-c", code)
    with subprocess.Popen(
        command, env=environment(var_dir), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_SEC)


def read_urls(process: subprocess.Popen[str]) -> EmbeddedUrls:
    assert process.stdout is not None
    return EmbeddedUrls(*process.stdout.readline().split())


def server_pids(var_dir: Path) -> dict[str, int]:
    """The servers that live on the data in `var_dir`, and are no zombies, by name."""
    folders = {str((var_dir / name).resolve()): name for name in ("postgres", "redis")}
    return {
        folders[process.info["cwd"]]: process.pid
        for process in psutil.process_iter(["cwd", "name", "ppid", "status"])
        if process.info["cwd"] in folders
        and process.info["status"] != psutil.STATUS_ZOMBIE
        and psutil.Process(process.info["ppid"]).name() != process.info["name"]
    }


def ask_postgres(url: str, statement: str) -> object:
    """The first value of the answer, None when there is no answer."""
    try:
        connection = psycopg2.connect(url)
    except psycopg2.OperationalError:
        return None
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()


def answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def test_both_urls_work(var_dir: Path) -> None:
    with embedded_servers(var_dir) as urls:
        assert ask_postgres(urls.database_url, "SELECT current_database()") == "transcript_desk"
        assert ask_postgres(urls.database_url, "SELECT lower('Ü')") == "ü"
        assert ask_postgres(urls.database_url, "SHOW listen_addresses") == ""
        with redis.Redis.from_url(urls.redis_url, decode_responses=True) as client:
            assert client.ping()
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("port") == {"port": "0"}
    assert server_pids(var_dir) == {}


def test_exit_code_passes_through_and_all_is_quiet(var_dir: Path) -> None:
    done = run(var_dir, "sh", "-c", "exit 7")
    assert (done.returncode, done.stderr) == (7, "")
    again = run(var_dir, "true")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert server_pids(var_dir) == {}


def test_command_that_does_not_exist(var_dir: Path) -> None:
    done = run(var_dir, "no-such-program")
    assert done.returncode == 127
    assert "no-such-program cannot be started: " in done.stdout


def test_nothing_is_started_with_both_urls_set(var_dir: Path) -> None:
    urls = {"DATABASE_URL": "postgresql://elsewhere/desk", "REDIS_URL": "redis://elsewhere"}
    done = run(var_dir, sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])", **urls)
    assert done.stdout == "postgresql://elsewhere/desk\n"
    assert list(var_dir.iterdir()) == []


def test_each_is_started_by_itself(var_dir: Path) -> None:
    done = run(
        var_dir, sys.executable, "-c", "import os; print(os.environ['REDIS_URL'])", DATABASE_URL="postgresql://x/y"
    )
    assert done.stdout.startswith("unix:///")
    assert not (var_dir / "postgres").exists()


def test_killed_servers_come_back_with_their_data(var_dir: Path) -> None:
    with wrapper(var_dir) as process:
        urls = read_urls(process)
        ask_postgres(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer; SELECT 1")
        with redis.Redis.from_url(urls.redis_url) as client:
            client.rpush("queue", "job")
        for name in ("postgres", "redis"):
            os.kill(server_pids(var_dir)[name], signal.SIGKILL)
        assert wait_for(lambda: ask_postgres(urls.database_url, "SELECT answer FROM kept"), "Postgres") == 42
        wait_for(lambda: answers(urls.redis_url), "Redis")
        with redis.Redis.from_url(urls.redis_url) as client:
            assert client.lrange("queue", 0, -1) == [b"job"]
        assert process.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_killed_wrapper_leaves_nothing_behind_and_data_is_kept(var_dir: Path) -> None:
    with wrapper(var_dir) as process:
        urls = read_urls(process)
        ask_postgres(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer; SELECT 1")
        process.kill()
        wait_for(lambda: server_pids(var_dir) == {}, "both servers to end")
    with embedded_servers(var_dir) as urls:
        assert ask_postgres(urls.database_url, "SELECT answer FROM kept") == 42


def test_queue_survives_a_restart_and_a_queue_that_cannot_be_read_does_not_matter(var_dir: Path) -> None:
    with embedded_servers(var_dir) as urls, redis.Redis.from_url(urls.redis_url) as client:
        client.rpush("queue", "job")
    with embedded_servers(var_dir) as urls, redis.Redis.from_url(urls.redis_url) as client:
        assert client.lrange("queue", 0, -1) == [b"job"]
    for saved in (var_dir / "redis").rglob("*aof*"):
        if saved.is_file():
            saved.write_bytes(b"nonsense\n" * 9)
    with embedded_servers(var_dir) as urls:
        assert answers(urls.redis_url)


def test_stale_postmaster_file_does_not_block_a_start(var_dir: Path) -> None:
    with embedded_servers(var_dir):
        pass
    for stale in (f"{os.getppid()}\n", "", "999999999\n/elsewhere\n1\n5432\n\n\n\n"):
        (var_dir / "postgres" / "postmaster.pid").write_text(stale)
        with embedded_servers(var_dir) as urls:
            assert ask_postgres(urls.database_url, "SELECT 1") == 1


def test_second_wrapper_shares_the_servers_and_takes_them_over(var_dir: Path) -> None:
    with wrapper(var_dir) as owner:
        urls = read_urls(owner)
        first = server_pids(var_dir)
        assert run(var_dir, "true").returncode == 0
        assert server_pids(var_dir) == first, "a wrapper that shares them stops nothing"
        with wrapper(var_dir) as guest:
            assert read_urls(guest) == urls
            owner.terminate()
            owner.wait(PATIENCE_SEC)
            wait_for(lambda: ask_postgres(urls.database_url, "SELECT 1"), "Postgres taken over")
            wait_for(lambda: answers(urls.redis_url), "Redis taken over")
            assert json.loads((var_dir / "postgres.lock").read_text())["pid"] == guest.pid
    assert server_pids(var_dir) == {}


@pytest.fixture
def hanging_up_is_heard() -> Iterator[None]:
    """`nohup` lets whatever it starts ignore SIGHUP, the tests too, and so all that they start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hanging_up_is_heard")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_stops_command_descendants_and_servers(var_dir: Path, sent: signal.Signals, code: int) -> None:
    stray = "import subprocess as s; print(s.Popen(['sleep', '1000'], start_new_session=True).pid, flush=True); input()"
    with wrapper(var_dir, code=stray) as process:
        assert process.stdout is not None
        stray_pid = int(process.stdout.readline())
        process.send_signal(sent)
        assert process.wait(PATIENCE_SEC) == code
    assert server_pids(var_dir) == {}
    assert not psutil.pid_exists(stray_pid) or sys.platform != "linux"


def test_killed_command_is_started_again_when_asked_for(var_dir: Path) -> None:
    says_pid = "import os; print(os.getpid(), flush=True); input()"
    with wrapper(var_dir, "--restart", code=says_pid) as process:
        assert process.stdout is not None
        os.kill(int(process.stdout.readline()), signal.SIGKILL)
        assert "killed by signal 9: starting it again" in process.stdout.readline()
        assert int(process.stdout.readline()) > 0
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_SEC) == 0, "a command that ends by itself is not started again"


def test_killed_command_ends_the_wrapper_otherwise(var_dir: Path) -> None:
    assert run(var_dir, "sh", "-c", "kill -9 $$").returncode == 137


def test_interactive_command_keeps_ctrl_c_for_itself(var_dir: Path) -> None:
    with wrapper(var_dir, "--interactive") as process:
        read_urls(process)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_SEC) == 0
