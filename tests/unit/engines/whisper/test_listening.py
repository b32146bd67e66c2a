"""What is kept of Whisper's words: times that make sense, no loops, no inventions; and what is decoded once more."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from jobs.engines.protocol import Word
from jobs.engines.whisper import listening
from jobs.engines.whisper.speech import Span, changes
from tests.instruments.sounds import noise, vowel


@dataclass
class DecodedWord:
    word: str
    start: float
    end: float
    probability: float = 0.9


@dataclass
class Decoded:
    words: list[DecodedWord]
    no_speech_prob: float = 0.0
    avg_logprob: float = -0.1
    compression_ratio: float = 1.2


@dataclass
class Model:
    """Gives these answers, window after window, and notes how long each window was."""

    answers: list[list[Decoded]]
    lengths: list[float] = field(default_factory=list)

    def window(self, samples: np.ndarray, _language: str) -> list[Decoded]:
        self.lengths.append(round(len(samples) / 16_000, 2))
        return self.answers.pop(0) if self.answers else []


def spoken(text: str, start: float = 0.0, each: float = 0.3, probability: float = 0.9) -> list[DecodedWord]:
    return [
        DecodedWord(f" {word}", start + i * each, start + (i + 1) * each, probability)
        for i, word in enumerate(text.split())
    ]


def text_of(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


@pytest.fixture
def hear(monkeypatch: pytest.MonkeyPatch):
    """`hear(model, [(0, 5)], length_sec=10)`: listen, with speech in these spans."""

    def listen(model: Model, speech: list[tuple[float, float]], length_sec: float = 20.0) -> list[Word]:
        monkeypatch.setattr(listening, "speech_in", lambda _: [Span(*span) for span in speech])
        return listening.listen(model, np.zeros(round(length_sec * 16_000), dtype=np.float32), "en").words

    return listen


def test_without_speech_nothing_is_decoded(hear) -> None:
    model = Model([[Decoded(spoken("Thank you very much."))]])
    assert hear(model, []) == []
    assert model.lengths == []


def test_only_what_is_around_the_speech_is_decoded(hear) -> None:
    model = Model([[Decoded(spoken("yes I do", 0.3))]])
    assert text_of(hear(model, [(4.0, 5.0)])) == "yes I do"
    assert model.lengths == [1.6]


def test_a_crumb_after_the_last_word_is_not_decoded(hear) -> None:
    model = Model([[Decoded(spoken("one two three", 0.0, 1.0))], [Decoded(spoken("Thank you."))]])
    assert text_of(hear(model, [(0.0, 3.8)])) == "one two three"
    assert len(model.lengths) == 1


def test_what_follows_a_pause_is_decoded(hear) -> None:
    model = Model([[Decoded(spoken("one two three"))], [Decoded(spoken("yes", 0.3))]])
    assert text_of(hear(model, [(0.0, 0.9), (6.0, 6.3)])) == "one two three yes"


def test_speech_without_words_is_decoded_once_more(hear) -> None:
    lost = [[Decoded(spoken("one two") + spoken("eight nine", 9.0))], [Decoded(spoken("three to seven", 2.0))]]
    model = Model(lost)
    assert text_of(hear(model, [(0.0, 9.6)])) == "one two three to seven eight nine"


def test_words_away_from_speech_are_inventions(hear) -> None:
    model = Model([[Decoded(spoken("one two three")), Decoded(spoken("you", 12.0))]])
    assert text_of(hear(model, [(0.0, 0.9)])) == "one two three"


def test_a_part_faster_than_anybody_speaks_is_an_invention(hear) -> None:
    model = Model([[Decoded(spoken("I'm sorry " * 20, 0.0, 0.02))]])
    assert hear(model, [(0.0, 0.9)]) == []


def test_with_little_speech_what_sounds_of_none_is_dropped(hear) -> None:
    model = Model([[Decoded(spoken("you"), no_speech_prob=0.7)], [Decoded(spoken("you"), no_speech_prob=0.7)]])
    assert hear(model, [(0.0, 0.3)]) == []


def test_the_first_word_after_a_pause_begins_with_its_speech(hear) -> None:
    stretched = [Decoded([*spoken("one"), DecodedWord(" two", 0.4, 6.2), DecodedWord(" three", 6.2, 6.5)])]
    words = hear(Model([stretched]), [(0.0, 0.35), (6.0, 6.6)])
    assert [(word.text, word.start_sec) for word in words] == [("one", 0.0), ("two", 6.0), ("three", 6.2)]


def test_what_has_no_space_before_it_belongs_to_the_word_before(hear) -> None:
    pieces = [DecodedWord(" ill", 0, 0.3), DecodedWord("-disposed", 0.3, 0.8, 0.4), DecodedWord(" man.", 0.8, 1.0)]
    words = hear(Model([[Decoded(pieces)]]), [(0.0, 1.0)])
    assert [(word.text, word.end_sec, word.confidence) for word in words] == [
        ("ill-disposed", 0.8, 0.4),
        ("man.", 1.0, 0.9),
    ]


def test_signs_of_a_language_without_spaces_stay_words(hear) -> None:
    pieces = [DecodedWord("早", 0, 0.3), DecodedWord("上", 0.3, 0.6), DecodedWord("好", 0.6, 0.9)]
    assert [word.text for word in hear(Model([[Decoded(pieces)]]), [(0.0, 0.9)])] == ["早", "上", "好"]


@pytest.mark.parametrize(
    ("text", "each", "kept"),
    [
        ("no no no I said", 0.4, "no no no I said"),  # people do
        ("so so so so so so so so so so go", 0.05, "so go"),
        ("what you can do what you can do what you can do now", 0.3, "what you can do now"),
    ],
)
def test_loops_are_cut_to_once_and_what_people_repeat_stays(hear, text: str, each: float, kept: str) -> None:
    model = Model([[Decoded(spoken(text, 0.0, each))]])
    assert text_of(hear(model, [(0.0, len(text.split()) * each)])) == kept


def test_a_sentence_that_is_said_three_times_with_pauses_stays(hear) -> None:
    once = "he was not an ill disposed young man"
    model = Model([[Decoded([*spoken(once, 0.3), *spoken(once, 9.0), *spoken(once, 18.0)])]])
    assert text_of(hear(model, [(0.3, 2.7), (9.0, 11.4), (18.0, 20.4)], 25.0)) == " ".join([once] * 3)


def test_speech_changes_its_colour_and_tones_do_not() -> None:
    assert not changes(vowel(1.0))
    assert not changes(vowel(1.0, (730, 1090, 2440)))
    assert changes(noise(0.02))  # too short to tell
