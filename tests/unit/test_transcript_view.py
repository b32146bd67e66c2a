"""What the player is given: names once, words as numbers, and which of them are uncertain."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.transcript_view import UNCERTAIN_BELOW, content, is_uncertain, voices
from store.speaker_names import Voice
from store.transcript_queries import Line


def line(text: str, *words: tuple[str, float, float | None], speaker: str | None = None, label: str = "") -> Line:
    return Line(10.0, 20.0, speaker, text, label or speaker, words)


def played(text: str, words: list[int], uncertain: list[int]) -> list[tuple[str, float, int | None]]:
    """As pages/frontend/player.js reads them: each word, its seconds after the line's start, and its percents."""
    units, found, end = text.encode("utf-16-le"), [], 0
    percents = dict(zip(uncertain[::2], uncertain[1::2], strict=True))
    for at in range(0, len(words), 3):
        begin = end + words[at]
        end = begin + words[at + 1]
        found.append((units[2 * begin : 2 * end].decode("utf-16-le"), words[at + 2] / 100, percents.get(at // 3)))
    return found


def shown(of: Line, engine: str = "whisper") -> list[tuple[str, float, int | None]]:
    [row] = content([of], engine)["lines"]
    assert row["text"] == of.text
    return played(row["text"], row["words"], row["uncertain"])


def test_words_are_found_in_their_line_and_the_doubtful_ones_marked() -> None:
    of = line("So, what now?", (" So,", 10.0, 0.98), (" what", 10.52, 0.349), (" now?", 11.0, None))
    assert shown(of) == [("So,", 0.0, None), ("what", 0.52, 34), ("now?", 1.0, None)]


@pytest.mark.parametrize(("engine", "marked"), [("whisper", True), ("google", True), ("pocketsphinx", False)])
def test_only_engines_whose_confidence_means_something_have_words_shaded(engine: str, marked: bool) -> None:
    of = line("maybe", ("maybe", 10.0, 0.2))
    assert [percent is not None for _, _, percent in shown(of, engine)] == [marked]
    assert is_uncertain(engine, 0.2) is marked


def test_the_threshold() -> None:
    assert is_uncertain("whisper", UNCERTAIN_BELOW - 0.001)
    assert not is_uncertain("whisper", UNCERTAIN_BELOW)
    assert not is_uncertain("whisper", None)
    assert shown(line("a", ("a", 10.0, 0.4999))) == [("a", 0.0, 49)], "never shown as the threshold itself"


def test_a_capital_that_the_line_has_alone_and_a_word_that_it_lacks() -> None:
    of = line("How is it", ("how", 10.0, None), ("uh", 10.1, None), ("is", 10.2, None), ("it", 10.3, None))
    assert [word for word, _, _ in shown(of)] == ["How", "is", "it"]


def test_letters_that_are_two_for_a_browser() -> None:
    of = line("𝄞 sings 😀 now", ("𝄞", 10.0, None), ("sings", 10.1, None), ("now", 10.2, 0.1))
    assert [word for word, _, _ in shown(of)] == ["𝄞", "sings", "now"]


def test_languages_without_spaces() -> None:
    of = line("你好吗", ("你", 10.0, 0.9), ("好", 10.1, 0.3), ("吗", 10.2, 0.9))
    assert shown(of) == [("你", 0.0, None), ("好", 0.1, 30), ("吗", 0.2, None)]


@given(st.lists(st.text(min_size=1).filter(lambda word: word.strip() == word and len(word) < 9), max_size=9), st.data())
def test_every_word_of_a_line_that_is_made_of_them_is_where_it_stands(words: list[str], data: st.DataObject) -> None:
    said = [(word, 10 + at / 2, data.draw(st.none() | st.floats(0, 1))) for at, word in enumerate(words)]
    found = shown(Line(10.0, 20.0, None, " ".join(words), None, tuple(said)))
    assert [(word, sec) for word, sec, _ in found] == [(word, at / 2) for at, word in enumerate(words)]


def test_speakers_are_named_once_and_lines_count_among_them() -> None:
    lines = [
        line("Hello", speaker="Client", label="Speaker 2"),
        line("Hi", speaker="Coach", label="Speaker 1"),
        line("…", speaker="Client", label="Speaker 3"),  # one voice that was taken for two
        line("noise"),
    ]
    found = content(lines, "whisper")
    assert found["speakers"] == ["Coach", "Client"]
    assert [row["speaker"] for row in found["lines"]] == [1, 0, 1, None]
    assert voices(lines) == [Voice("Speaker 1", "Coach"), Voice("Speaker 2", "Client"), Voice("Speaker 3", "Client")]
    assert voices([line("Hi", speaker="Speaker 1")]) == [Voice("Speaker 1")]
    assert voices([line("noise")]) == []


def test_three_hours_stay_small() -> None:
    """30,000 words, each tenth uncertain: three to four times their text, where objects would be twenty."""
    texts = ["something" if at % 3 else "is" for at in range(12)]
    words = [(word, 1000 + at / 3, 0.3 if at % 10 == 0 else 0.95) for at, word in enumerate(texts)]
    lines = [Line(1000.0, 1004.0, "Coach", " ".join(texts), "Speaker 1", tuple(words))] * 2500
    sent = len(json.dumps(content(lines, "whisper"), separators=(",", ":")))
    assert sent < 800_000
