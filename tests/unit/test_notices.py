"""What a reader should know of a session's words: sentences derived from facts alone."""

from typing import Any

import pytest

from jobs import notices
from jobs.session_view import view
from store.session_queries import SessionRecord
from store.states import Status
from tests.instruments.records import ended, running, waiting


def completed(**facts: Any) -> SessionRecord:
    """By Whisper base, with nothing to say about it."""
    made = {"engine": "whisper", "model": "base", "speakers": "two", "speakers_outcome": "voices", "progress": 100}
    return ended(Status.COMPLETED, **{**made, **facts})


def test_where_all_went_as_wished_nothing_is_said() -> None:
    assert notices.of(completed(language="de", language_detected=True, language_heard="de")) == []
    assert notices.of(waiting(engine="whisper", language="detect", speakers="two")) == []


def test_the_missing_end_comes_first_and_stays_the_notice() -> None:
    shown = view(completed(duration_total=192.0, duration_promised=360.0, speakers_outcome="failed"))
    assert shown.notice is not None
    assert shown.notices == [shown.notice, notices.FAILED_APART]


def test_another_language_than_the_chosen_one_is_said() -> None:
    [sentence] = notices.of(completed(language="de", language_heard="en"))
    assert sentence == (
        "You chose German, but English is heard: the words may be a translation. "
        "Upload it again with Detect or English."
    )


@pytest.mark.parametrize(
    "facts",
    [
        {"language": "en-GB", "language_heard": "en"},
        {"language": "no", "language_heard": "nn"},
        {"language": "en", "language_heard": None},
        {"language": "detect", "language_heard": "en"},
        {"language": "es", "language_detected": True, "language_heard": "en"},
    ],
)
def test_no_other_language_is_said_where_there_is_none(facts: dict[str, Any]) -> None:
    assert notices.of(completed(**facts)) == []


def test_an_engine_that_cannot_detect_says_what_it_took() -> None:
    record = waiting(engine="pocketsphinx", language="en", language_detected=True)
    assert notices.of(record) == [
        "PocketSphinx cannot hear which language is spoken: the recording is taken for English."
    ]
    assert not view(record).language_detected
    assert view(completed(language_detected=True, language_heard="en")).language_detected


def test_a_draft_by_pocketsphinx_carries_a_warning_once_there_are_words() -> None:
    assert notices.of(waiting()) == []
    for record in (running(), ended(Status.COMPLETED, progress=100)):
        assert notices.of(record) == [notices.DRAFT_ONLY.format("PocketSphinx")]


@pytest.mark.parametrize(("model", "said"), [("tiny.en", True), ("base", False), ("small", False), ("mine", False)])
def test_a_smaller_model_than_the_desk_is_set_to_is_said(model: str, said: bool) -> None:
    found = notices.of(completed(model=model))
    assert bool(found) is said
    assert all(sentence.startswith("Made with Whisper tiny.en, a smaller model than base") for sentence in found)


@pytest.mark.parametrize(
    ("facts", "sentences"),
    [
        ({"speakers_outcome": "failed"}, [notices.FAILED_APART]),
        ({"speakers_outcome": "unsure"}, [notices.UNSURE_APART]),
        ({"speakers_outcome": "one"}, [notices.ONE_VOICE]),
        ({"speakers_outcome": "one", "speakers": "one"}, []),
        ({"speakers_outcome": "channels"}, []),
        ({"speakers": "more", "speakers_outcome": None}, [notices.MORE_VOICES.format("Whisper base")]),
        ({"speakers": "more", "speakers_outcome": "channels", "speaker_channels": True}, []),
        ({"speakers": "more", "speakers_outcome": None, "engine": "google", "model": "long"}, []),
    ],
)
def test_whether_speakers_could_be_told_apart(facts: dict[str, Any], sentences: list[str]) -> None:
    assert notices.of(completed(**facts)) == sentences


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (waiting(), None),
        (running(), "Draft by PocketSphinx on this machine"),
        (completed(), "Draft by Whisper base on this machine"),
        (completed(engine="google", model="long"), "Transcribed by Google Speech-to-Text"),
    ],
)
def test_the_page_says_what_made_the_words(record: SessionRecord, text: str | None) -> None:
    assert view(record).draft_text == text


@pytest.mark.parametrize(("tag", "name"), [("de", "German"), ("en-GB", "English (en-GB)"), ("xx", "xx")])
def test_a_language_has_a_name(tag: str, name: str) -> None:
    assert notices.language_name(tag) == name
