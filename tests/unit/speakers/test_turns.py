"""Two voices are told apart by made vectors; one voice is one, and doubt is doubt."""

import time

import numpy as np
import pytest

from jobs.engines.protocol import Segment, Voices, Word
from jobs.speakers.turns import Turns, tell_apart

HOP_SEC = 0.5
LOW, HIGH = np.random.default_rng(1).normal(size=(2, 256)).astype(np.float32)


def voices(speakers: list[int], noise: float = 0.5, seed: int = 0, start_sec: float = 0.0) -> Voices:
    """One window each half second, of the speaker of its second (0 or 1)."""
    chance = np.random.default_rng(seed)
    who = np.repeat(speakers, 2)
    vectors = np.stack([(LOW, HIGH)[one] for one in who]) + noise * chance.normal(size=(len(who), 256))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Voices(start_sec + np.arange(len(who)) * HOP_SEC + 0.25, vectors.astype(np.float32))


def words(seconds: int, a_sentence: int = 5, start_sec: float = 0.0) -> list[Segment]:
    """Two words a second, in sentences of so many seconds."""
    found = []
    for begin in range(0, seconds, a_sentence):
        each = tuple(
            Word("word", start_sec + at / 2 + 0.05, start_sec + at / 2 + 0.45)
            for at in range(2 * begin, 2 * min(begin + a_sentence, seconds))
        )
        found.append(Segment(each[0].start_sec, each[-1].end_sec, "words", words=each))
    return found


TALK = [0] * 10 + [1] * 5 + [0] * 5 + [1] * 15 + [0] * 5


def test_each_word_has_the_speaker_of_its_voice_and_the_first_is_number_one() -> None:
    for speakers in (TALK, [1 - one for one in TALK]):
        found = tell_apart([voices(speakers)], words(40))
        assert found == Turns("voices", tuple(np.repeat(np.array(TALK) + 1, 2).tolist()))


def test_the_chunks_may_come_in_any_order() -> None:
    first, second = voices(TALK[:20]), voices(TALK[20:], seed=3, start_sec=20.0)
    assert tell_apart([second, first], words(40)) == tell_apart([first, second], words(40))
    assert tell_apart([second, first], words(40)).outcome == "voices"


def test_one_window_that_sounds_strange_splits_no_sentence() -> None:
    heard = voices(TALK)
    heard.vectors[12] = heard.vectors[25]
    assert tell_apart([heard], words(40)).labels == tell_apart([voices(TALK)], words(40)).labels


def test_an_interjection_of_a_second_stays() -> None:
    speakers = [0] * 10 + [1] + [0] * 9 + [1] * 10
    segments = [*words(10), *words(1, start_sec=10.0), *words(9, start_sec=11.0), *words(10, start_sec=20.0)]
    labels = tell_apart([voices(speakers, 0.2)], segments).labels
    assert labels == tuple(np.repeat(np.array(speakers) + 1, 2).tolist())


@pytest.mark.parametrize("seed", range(5))
def test_one_voice_is_one(seed: int) -> None:
    assert tell_apart([voices([0] * 40, noise=0.25, seed=seed)], words(40)) == Turns("one")


def test_too_little_to_tell_is_unsure_and_without_words_there_is_one() -> None:
    assert tell_apart([], words(5)) == Turns("unsure")
    assert tell_apart([voices([0, 1])], words(2)) == Turns("unsure")
    assert tell_apart([voices(TALK)], []) == Turns("one")


def test_words_far_from_any_window_follow_the_nearest() -> None:
    heard = voices(TALK)
    near = (heard.at_sec < 8) | (heard.at_sec > 12)
    labels = tell_apart([Voices(heard.at_sec[near], heard.vectors[near])], words(40)).labels
    assert labels[:19] == (1,) * 19
    assert labels[21:30] == (2,) * 9


def test_an_hour_is_told_apart_in_two_seconds_of_cpu() -> None:
    hour = [second // 7 % 2 for second in range(3600)]
    heard, spoken = voices(hour), words(3600, 7)
    begun = time.process_time()
    found = tell_apart([heard], spoken)
    assert time.process_time() - begun < 2
    assert np.mean(np.array(found.labels) == np.repeat(np.array(hour) + 1, 2)) > 0.99
