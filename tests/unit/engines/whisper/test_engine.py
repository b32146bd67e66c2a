"""The default engine writes down the sample word for word, hears languages, and makes nothing of what is no speech."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest

from jobs.engines.protocol import ChunkBegun, ChunkDone, Event, Heard, LanguageHeard, Wanted
from jobs.engines.registry import in_process
from jobs.engines.whisper.engine import Whisper
from jobs.media.decode import decode
from jobs.media.silences import Chunk, cut
from tests.instruments.sounds import as_pcm, noise, vowel

PROJECT = Path(__file__).resolve().parents[4]
SAMPLE = PROJECT / "sample" / "coaching-dialogue.flac"
PLAIN = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.Strip(), jiwer.RemoveMultipleSpaces()])


@pytest.fixture(scope="module")
def sample_pcm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sample") / "sample.pcm"
    decode(SAMPLE, target)
    return target


@pytest.fixture(scope="module")
def whisper() -> Whisper:
    """One in this process, for what need not be forked: its model is loaded once."""
    engine = Whisper()
    engine.preload()
    return engine


@pytest.fixture(scope="module")
def heard(sample_pcm: Path) -> list[Event]:
    """All events of the sample, recognised by two processes."""
    engine = in_process("whisper")
    with engine.recogniser(2) as recogniser:
        wanted = Wanted(language="detect", detects=True, voices=True)
        return list(recogniser.recognise(sample_pcm, cut(sample_pcm, engine.lengths), wanted))


def done(events: list[Event]) -> list[ChunkDone]:
    return sorted((event for event in events if isinstance(event, ChunkDone)), key=lambda event: event.chunk.start_sec)


def said() -> str:
    return " ".join(line.partition(":")[2] for line in SAMPLE.with_suffix(".txt").read_text().splitlines())


def test_every_word_of_the_sample_is_right(heard: list[Event]) -> None:
    text = " ".join(segment.text for event in done(heard) for segment in event.segments)
    assert jiwer.wer(PLAIN(said()), PLAIN(text)) == 0
    assert text.startswith("Good morning, what")  # capitals and punctuation are kept


def test_words_have_times_in_order_and_probabilities(heard: list[Event]) -> None:
    words = [word for event in done(heard) for segment in event.segments for word in segment.words]
    assert all(word.start_sec <= word.end_sec for word in words)
    assert all(before.end_sec <= after.start_sec for before, after in pairwise(words))
    assert all(word.confidence is not None and 0 < word.confidence <= 1 for word in words)


def test_the_language_is_heard_before_any_chunk(heard: list[Event]) -> None:
    assert [event for event in heard if isinstance(event, LanguageHeard)] == [LanguageHeard("en", certain=True)]
    assert isinstance(next(one for one in heard if isinstance(one, LanguageHeard | ChunkBegun)), LanguageHeard)


def test_the_chunks_bring_their_voices(heard: list[Event]) -> None:
    for event in done(heard):
        assert event.voices is not None
        assert len(event.voices.at_sec) == len(event.voices.vectors) > 10
        assert np.allclose(np.linalg.norm(event.voices.vectors, axis=1), 1, atol=1e-3)


def test_the_text_of_a_chunk_depends_on_nothing_else(whisper: Whisper, sample_pcm: Path, heard: list[Event]) -> None:
    """Neither on the order of the chunks nor on the process that did them."""
    last, first = done(heard)[-1], done(heard)[0]
    for event in (last, first):
        alone = whisper.transcribe(sample_pcm, event.chunk, Wanted(), lambda _: None)
        assert alone.segments == event.segments


def test_known_words_are_not_recognised_again(whisper: Whisper, sample_pcm: Path, heard: list[Event]) -> None:
    event = done(heard)[1]
    wanted = Wanted(voices=True, known={event.chunk.start_sec: event.segments})
    again = whisper.transcribe(sample_pcm, event.chunk, wanted, lambda _: None)
    assert again.segments is event.segments
    assert again.voices is not None
    assert event.voices is not None
    assert np.array_equal(again.voices.vectors, event.voices.vectors)


@pytest.mark.parametrize(
    "sound",
    [np.zeros(16_000 * 20, dtype=np.float32), noise(20), noise(20, 0.4, seed=1), vowel(20), vowel(20, (730, 1090))],
    ids=["silence", "noise", "loud noise", "ee", "ah"],
)
def test_nothing_is_made_of_what_is_no_speech(whisper: Whisper, tmp_path: Path, sound: np.ndarray) -> None:
    pcm = tmp_path / "sound.pcm"
    pcm.write_bytes(as_pcm(sound))
    chunk = Chunk(0.0, len(sound) / 16_000)
    assert whisper.transcribe(pcm, chunk, Wanted(voices=True), lambda _: None) == Heard(())
    assert whisper.detect(pcm, [chunk]) is None


def test_a_worker_that_is_ready_has_loaded_nothing() -> None:
    """A model that was loaded before a fork hangs in the child; and no library of it has started threads."""
    code = (
        "import sys\nfrom jobs.engines import registry\nregistry.engine('whisper').preload()\n"
        "print([name for name in ('ctranslate2', 'onnxruntime', 'faster_whisper') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
