"""Recognising processes and the machine's cores: what waits is not begun, and a model is loaded where it is of use."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from jobs import core_files, cores
from jobs.engines.children import children
from jobs.engines.protocol import AudioDone, ChunkBegun, ChunkDone, Event, Heard, Segment, Wanted
from jobs.errors import RecognitionFailed
from jobs.media.silences import Chunk

FORK = get_context("fork")
CHUNKS = [Chunk(float(start), float(start + 10)) for start in range(0, 80, 10)]
CHUNK_SEC = 0.05
LEASE_SEC = 0.5
LOADED: list[int] = []  # in a child: it has its model


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of two cores with an empty VAR_DIR."""
    monkeypatch.setattr(core_files, "settings", lambda: SimpleNamespace(var_dir=tmp_path, lease_sec=LEASE_SEC))
    monkeypatch.setattr(core_files, "count", lambda: 2)
    monkeypatch.setattr(cores, "TOUCH_SEC", 0.1)
    monkeypatch.setattr("jobs.engines.children.QUIET_SEC", 0.1)
    LOADED.clear()
    return tmp_path


def hear(pcm: Path, chunk: Chunk, wanted: Wanted, report: Callable[[float], None]) -> Heard:
    """Loads a model with its first chunk, and notes whose it is."""
    if not LOADED:
        LOADED.append(os.getpid())
        note(pcm.parent / "loaded", f"{pcm.stem} {os.getpid()}")
    time.sleep(CHUNK_SEC)
    report(chunk.audio_sec)
    return Heard((Segment(chunk.start_sec, chunk.end_sec, "word"),))


def stand_still(pcm: Path, chunk: Chunk, wanted: Wanted, report: Callable[[float], None]) -> Heard:
    note(pcm.parent / "loaded", f"{pcm.stem} {os.getpid()}")
    if chunk.start_sec == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    return Heard(())


def note(file: Path, line: str) -> None:
    with file.open("a") as lines:
        lines.write(f"{line}\n")


def loaded(folder: Path) -> list[str]:
    """The recordings for which models were loaded."""
    return [line.split()[0] for line in (folder / "loaded").read_text().splitlines()]


def audio_sec(events: list[Event]) -> float:
    return sum(event.audio_sec for event in events if isinstance(event, AudioDone))


def test_a_chunk_begins_before_its_audio_is_done_and_all_of_it_adds_up(folder: Path) -> None:
    with children(2, hear) as recogniser:
        events = list(recogniser.recognise(folder / "one.1.pcm", CHUNKS))
    for chunk in CHUNKS:
        begun = events.index(ChunkBegun(chunk))
        done = next(at for at, event in enumerate(events) if isinstance(event, ChunkDone) and event.chunk == chunk)
        assert begun < done
    assert audio_sec(events) == 80
    assert isinstance(events[0], ChunkBegun)


def test_alone_a_session_uses_every_core(folder: Path) -> None:
    with children(2, hear) as recogniser:
        list(recogniser.recognise(folder / "one.1.pcm", CHUNKS))
    assert loaded(folder) == ["one.1", "one.1"]


def test_known_chunks_are_not_begun(folder: Path) -> None:
    wanted = Wanted(known={0.0: ()})
    with children(1, hear) as recogniser:
        events = list(recogniser.recognise(folder / "one.1.pcm", CHUNKS[:2], wanted))
    assert [event.chunk for event in events if isinstance(event, ChunkBegun)] == [CHUNKS[1]]
    assert [event.chunk for event in events if isinstance(event, ChunkDone)] == CHUNKS[:2]
    assert audio_sec(events) == 10


def test_while_it_waits_for_a_core_nothing_is_begun_and_the_caller_hears_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_files, "count", lambda: 1)
    with children(2, hear) as recogniser:
        events = recogniser.recognise(folder / "one.1.pcm", CHUNKS[:2])
        with cores.core("other"):
            assert [next(events) for _ in range(4)] == [AudioDone(0.0)] * 4
        assert isinstance(next(event for event in events if event != AudioDone(0.0)), ChunkBegun)
        assert sum(isinstance(event, ChunkDone) for event in events) == 2
    assert cores.is_spare()


def test_what_waits_for_a_core_dies_with_its_parent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_files, "count", lambda: 1)
    with cores.core("other"):
        parent = started(folder, "one")
        family = psutil.Process(parent.pid)
        while not list(folder.glob("cores/waiting/*")):
            time.sleep(0.01)
        waiting = family.children()
        parent.kill()
        parent.join()
        gone, alive = psutil.wait_procs(waiting, timeout=2)
    assert len(gone) == 2
    assert not alive


def test_one_that_is_stopped_in_a_chunk_ends_the_attempt_after_a_lease(folder: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(RecognitionFailed, match="-9"), children(2, stand_still) as recogniser:
        list(recogniser.recognise(folder / "one.1.pcm", CHUNKS))
    assert LEASE_SEC <= time.monotonic() - begun < 5 * LEASE_SEC


@pytest.fixture
def three(folder: Path) -> Iterator[list[ForkProcess]]:
    """Three work-horses with two recognising processes each, at once."""
    horses = [started(folder, session) for session in ("one", "two", "three")]
    yield horses
    for horse in horses:
        horse.kill()
        horse.join()


def started(folder: Path, session: str) -> ForkProcess:
    horse = FORK.Process(target=_session, args=(folder, session))
    horse.start()
    return horse


def _session(folder: Path, session: str) -> None:
    with children(2, hear) as recogniser:
        list(recogniser.recognise(folder / f"{session}.1.pcm", CHUNKS))


def test_three_sessions_on_two_cores_load_about_a_model_each(folder: Path, three: list[ForkProcess]) -> None:
    for horse in three:
        horse.join(10)
    assert [horse.exitcode for horse in three] == [0, 0, 0]
    assert {"one.1", "two.1", "three.1"} == set(loaded(folder))
    assert len(loaded(folder)) <= 5  # usually four; the last one to finish may use the core that is left over
