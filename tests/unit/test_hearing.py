"""What the words' benchmark is made of: sound whose words are known, and the comparison with what is heard."""

import random

import numpy as np
import pytest

from bench.baselines.bare_engine import Spoken
from bench.hearing import comparison, readings, sizes, speechless
from bench.hearing.comparison import Errors, errors, loops, lost_stretches, plain
from bench.hearing.readings import Turn, Utterance, between_pauses, joined, reader_of, trimmed
from bench.hearing.telephone import companded, telephone
from jobs.media.pcm import SAMPLE_RATE


def utterance(sec: float = 1.0, text: str = "yes") -> Utterance:
    sound = np.sin(np.arange(round(sec * SAMPLE_RATE)) / 8).astype(np.float32)
    return Utterance(text, "somebody", sound / 2, text)


def silence(sec: float) -> readings.Samples:
    return np.zeros(round(sec * SAMPLE_RATE), dtype=np.float32)


def test_texts_are_compared_without_what_nobody_hears() -> None:
    assert plain("“Um, Mr. O’Brien — it's 5!”") == ["mister", "o'brien", "it's", "5"]
    assert errors("Mister Brown said no.", "mr brown uh, said no!").wrong == 0


def test_wrong_words_are_counted_by_kind() -> None:
    assert errors("one two three four", "one too three") == Errors(said=4, substituted=1, lost=1)
    assert errors("one", "one two three").insertion_rate == 2
    assert errors("", "thank you") == Errors(inserted=2)
    assert errors("one two", "") == Errors(said=2, lost=2)
    assert (errors("a b", "a") + errors("a b", "a b")).rate == 0.25


def test_a_phrase_three_times_in_a_row_is_a_loop_unless_it_was_said() -> None:
    assert loops("hello", "hello I'm sorry I'm sorry I'm sorry") == ["i'm sorry i'm sorry i'm sorry"]
    assert not loops("no no no thanks", "No, no, no, thanks.")
    assert not loops("that that is", "that that is is")


def test_a_stretch_without_words_is_lost_only_where_somebody_speaks() -> None:
    turns = [Turn(1.0, 9.0, utterance())]
    words = [Spoken("a", 1.2, 2.0), Spoken("b", 6.0, 8.5)]
    assert lost_stretches(turns, words, 2.0) == [(2.0, 6.0)]
    assert not lost_stretches(turns, words, 5.0)
    assert lost_stretches(turns, [], 2.0) == [(1.3, 9.0)]


def test_the_start_of_a_word_is_compared_with_that_of_the_utterance_alone() -> None:
    alone = [Spoken("Yes,", 0.1, 0.3), Spoken("we", 0.4, 0.5), Spoken("do.", 0.6, 0.9)]
    heard = [Spoken("yes", 5.1, 5.3), Spoken("he", 5.4, 5.5), Spoken("do", 5.9, 6.0), Spoken("do", 9.0, 9.1)]
    found = [*comparison.start_differences(Turn(5.0, 6.0, utterance()), alone, heard)]
    assert found == pytest.approx([0.0, 0.3])


def test_joined_utterances_are_where_they_are_said_to_be() -> None:
    said = [utterance(0.5), utterance(0.7)]
    made = joined(said, random.Random(1), (0.2, 0.4))
    for turn in made.turns:
        begin, end = (round(at * SAMPLE_RATE) for at in (turn.start_sec, turn.end_sec))
        assert np.array_equal(made.samples[begin:end], turn.said.samples)
    assert made.text == "yes yes"
    assert 0.2 <= made.turns[1].start_sec - made.turns[0].end_sec <= 0.4


def test_quiet_ends_are_cut_off_and_long_pauses_part() -> None:
    spoken = utterance(0.5).samples
    sound = np.concatenate([silence(0.3), spoken, silence(0.2), spoken, silence(1.0), spoken, silence(0.5)])
    assert len(trimmed(sound)) / SAMPLE_RATE == pytest.approx(2.7, abs=0.05)
    assert [round(len(piece) / SAMPLE_RATE, 1) for piece in between_pauses(sound, 0.7)] == [1.2, 0.5]
    assert len(trimmed(silence(1.0))) == SAMPLE_RATE


def test_the_sample_has_as_many_turns_as_lines() -> None:
    turns = readings.turns_of_sample()
    assert [one.reader for one in turns] == ["coach", "client"] * 5 + ["coach"]
    assert all(2 < one.length_sec < 5 for one in turns)


@pytest.mark.parametrize(
    ("name", "reader"), [("LJ050-0131", "LJ"), ("2412-153948-0000", "2412"), ("jfk", "jfk"), ("sense_and-08", "sense")]
)
def test_a_reader_is_told_by_the_name_of_a_file(name: str, reader: str) -> None:
    assert reader_of(name) == reader


def test_sounds_without_speech_are_the_same_for_the_same_seed() -> None:
    first, second = dict(speechless.sounds(3, 1.0)), dict(speechless.sounds(3, 1.0))
    assert len(first) >= 20
    for name, sound in first.items():
        assert len(sound) == SAMPLE_RATE, name
        assert np.isfinite(sound).all(), name
        assert np.abs(sound).max() <= 1, name
        assert np.array_equal(sound, second[name]), name
        assert name == "zeros" or sound.std() > 0.001, name
    assert speechless.background("pink", 1, 1.0).std() == pytest.approx(1)


def test_a_telephone_lets_only_a_narrow_band_through() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    sound = sum(np.sin(2 * np.pi * hertz * time) for hertz in (80, 1000, 6000)) / 6
    spectrum = np.abs(np.fft.rfft(telephone(sound.astype(np.float32), 40, 1)))
    assert spectrum[1000] > 30 * max(spectrum[80], spectrum[6000])
    assert np.abs(companded(sound) - sound).max() < 0.03


def test_a_share_of_a_benchmark_can_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_SHARE", raising=False)
    assert sizes.count(200) == 200
    monkeypatch.setenv("BENCH_SHARE", "0.02")
    assert (sizes.count(200), sizes.count(3), sizes.count(12, at_least=2)) == (4, 1, 2)
    monkeypatch.setenv("BENCH_SHARE", "2")
    with pytest.raises(ValueError, match="BENCH_SHARE"):
        sizes.share()
