"""The default engine understands the sample, tells how far it is, and its processes never outlive their use."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from jobs.engines.children import children
from jobs.engines.pocketsphinx import PocketSphinx
from jobs.engines.protocol import AudioDone, ChunkBegun, ChunkDone, Heard, Segment, Wanted
from jobs.engines.registry import engine
from jobs.errors import RecognitionFailed
from jobs.media.decode import decode
from jobs.media.silences import Chunk, cut

PROJECT = Path(__file__).resolve().parents[3]
SAMPLE = PROJECT / "sample" / "coaching-dialogue.flac"


@pytest.fixture(scope="module")
def sample_pcm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sample") / "sample.pcm"
    decode(SAMPLE, target)
    return target


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    path = tmp_path / "silence.pcm"
    np.zeros(16_000 * 4, dtype="<i2").tofile(path)
    return path


@pytest.fixture(autouse=True)
def no_child_left() -> Iterator[None]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def words_of(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def word_errors(said: list[str], heard: list[str]) -> int:
    """The fewest words to insert, delete or replace (Levenshtein's distance over words)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row = row, [number]
        for at, other in enumerate(heard, 1):
            row.append(min(before[at] + 1, row[-1] + 1, before[at - 1] + (word != other)))
    return row[-1]


def test_the_sample_is_understood(sample_pcm: Path) -> None:
    said = words_of(" ".join(line.partition(":")[2] for line in SAMPLE.with_suffix(".txt").read_text().splitlines()))
    chunks = cut(sample_pcm)
    with engine("pocketsphinx").recogniser(2) as recogniser:
        events = list(recogniser.recognise(sample_pcm, chunks))
    done = [event for event in events if isinstance(event, ChunkDone)]
    audio = [event.audio_sec for event in events if isinstance(event, AudioDone)]
    duration_sec = chunks[-1].end_sec

    assert sorted(event.chunk.start_sec for event in done) == [chunk.start_sec for chunk in chunks]
    assert sum(audio) == pytest.approx(duration_sec)
    assert all(seconds >= 0 for seconds in audio)
    counted = 0.0
    finished = 0.0
    for event in events:  # what is finished was counted before
        if isinstance(event, AudioDone):
            counted += event.audio_sec
        elif isinstance(event, ChunkDone):
            finished += event.chunk.audio_sec
            assert finished <= counted + 1e-6

    lines = sorted((line for event in done for line in event.segments), key=lambda line: line.start_sec)
    heard = [word for line in lines for word in line.words]
    assert word_errors(said, words_of(" ".join(line.text for line in lines))) <= 0.1 * len(said)
    assert heard[0].start_sec >= 0
    assert heard[-1].end_sec <= duration_sec
    assert all(word.start_sec < word.end_sec for word in heard)
    assert all(before.end_sec <= after.start_sec for before, after in pairwise(heard))
    assert all(0 <= (word.confidence or 0) <= 1 for word in heard)
    assert not any(mark in word.text for word in heard for mark in "<>[]()+")
    assert all(line.text[0].isupper() and line.speaker is None for line in lines)


def test_the_text_of_a_chunk_does_not_depend_on_the_others(sample_pcm: Path) -> None:
    first, second, *_ = cut(sample_pcm)
    sphinx = PocketSphinx()
    sphinx.preload()
    alone = sphinx.transcribe(sample_pcm, second, Wanted(), lambda _: None)
    sphinx.transcribe(sample_pcm, first, Wanted(), lambda _: None)
    assert sphinx.transcribe(sample_pcm, second, Wanted(), lambda _: None) == alone


@pytest.mark.parametrize("end_sec", [0.01, 0.0001, 0.5, 4.0])
def test_silence_is_no_words(silence: Path, end_sec: float) -> None:
    with engine("pocketsphinx").recogniser(1) as recogniser:
        events = list(recogniser.recognise(silence, [Chunk(0.0, end_sec)]))
    assert events[-1] == ChunkDone(Chunk(0.0, end_sec), ())
    assert sum(event.audio_sec for event in events if isinstance(event, AudioDone)) == pytest.approx(end_sec)


def test_no_chunks_are_done_at_once(silence: Path) -> None:
    with engine("pocketsphinx").recogniser(1) as recogniser:
        assert list(recogniser.recognise(silence, [])) == []


def ends_slowly(pcm: Path, chunk: Chunk, wanted: Wanted, report: object) -> Heard:
    signal.pause()
    return Heard(())


def pids() -> list[int]:
    """The recognising processes: forks of this one, unlike a browser that other tests keep open."""
    own = psutil.Process()
    return [child.pid for child in own.children() if child.cmdline() == own.cmdline()]


def test_chunks_in_any_order_complete(silence: Path) -> None:
    def length(pcm: Path, chunk: Chunk, wanted: Wanted, report: object) -> Heard:
        return Heard((Segment(chunk.start_sec, chunk.end_sec, str(os.getpid())),))

    chunks = [Chunk(float(at), float(at + 1)) for at in range(40)]
    with children(4, length) as recogniser:
        events = list(recogniser.recognise(silence, chunks[::-1]))
        again = list(recogniser.recognise(silence, chunks[:3]))
    done = [event for event in events if isinstance(event, ChunkDone)]
    assert sorted(event.chunk.start_sec for event in done) == [chunk.start_sec for chunk in chunks]
    assert all(event.segments[0].start_sec == event.chunk.start_sec for event in done)
    assert len([event for event in again if isinstance(event, ChunkDone)]) == 3


def test_a_killed_child_is_a_failure_and_not_a_hang(silence: Path) -> None:
    with children(2, ends_slowly) as recogniser:
        events = recogniser.recognise(silence, [Chunk(0.0, 2.0), Chunk(2.0, 4.0)])
        assert [next(events), next(events)] == [ChunkBegun(Chunk(0.0, 2.0)), ChunkBegun(Chunk(2.0, 4.0))]
        os.kill(pids()[0], signal.SIGKILL)
        with pytest.raises(RecognitionFailed, match="exit code -9"):
            list(events)
        assert pids() == []


def test_a_child_killed_while_idle_is_noticed_when_it_is_needed(silence: Path) -> None:
    with children(1, ends_slowly) as recogniser:
        os.kill(pids()[0], signal.SIGKILL)
        with pytest.raises(RecognitionFailed, match="exit code -9"):
            list(recogniser.recognise(silence, [Chunk(0.0, 2.0)]))


def test_an_error_in_a_child_keeps_its_words(silence: Path) -> None:
    def breaks(pcm: Path, chunk: Chunk, wanted: Wanted, report: object) -> Heard:
        raise ValueError("no such phoneme")

    with pytest.raises(RecognitionFailed, match="no such phoneme"), children(1, breaks) as recogniser:
        list(recogniser.recognise(silence, [Chunk(0.0, 2.0)]))


def test_the_caller_hears_in_quiet_moments_and_closing_ends_the_children(silence: Path) -> None:
    with children(2, ends_slowly) as recogniser:
        events = recogniser.recognise(silence, [Chunk(0.0, 2.0), Chunk(2.0, 4.0)])
        assert next(event for event in events if isinstance(event, AudioDone)) == AudioDone(0.0)
        assert len(pids()) == 2
        events.close()
        assert pids() == []


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.engines.children.QUIET_SEC", 0.1)


def test_leaving_early_ends_busy_children(silence: Path) -> None:
    def cancelled() -> None:
        with children(2, ends_slowly) as recogniser:
            events = recogniser.recognise(silence, [Chunk(0.0, 2.0)])
            next(events)
            raise KeyError("cancelled")

    with pytest.raises(KeyError):
        cancelled()


def test_children_die_with_a_worker_that_is_killed(silence: Path) -> None:
    code = (
        "import signal\nfrom pathlib import Path\nfrom jobs.engines.children import children\n"
        "from jobs.media.silences import Chunk\n"
        "with children(2, lambda pcm, chunk, wanted, report: signal.pause()) as recogniser:\n"
        f"    events = recogniser.recognise(Path({str(silence)!r}), [Chunk(0.0, 2.0)])\n"
        "    next(events)\n"
        "    print('busy', flush=True)\n    signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"busy\n"
        children_of_worker = psutil.Process(worker.pid).children()
        worker.kill()
    assert len(children_of_worker) == 2
    assert psutil.wait_procs(children_of_worker, timeout=10)[1] == []
