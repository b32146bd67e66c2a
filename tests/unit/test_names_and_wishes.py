"""What a coach's computer calls a file is shown, never used; what a coach wishes for is checked."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.errors import EngineUnknown, FileTooLarge, LanguageNotSupported
from jobs.submit import Wishes, check_size, clean_filename
from store.printable import printable
from store.settings import Settings, settings


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("session.wav", "session.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\ben 1.m4a", "ben 1.m4a"),
        ("a\x00b\r\n.wav", "ab.wav"),
        ("🎙️ Anna & Ben.mp3", "🎙️ Anna & Ben.mp3"),
        ("Meeting 12.30 with Anna and Ben", "Meeting 12.30 with Anna and Ben"),
        ("\u202egnp.wav", "gnp.wav"),  # a mark that would turn the name round on screen
        ("U\u0308bung  Anna.wav", "\u00dcbung Anna.wav"),  # as some computers write an umlaut
        ("..", "recording"),
        ("x/", "recording"),
        ("", "recording"),
    ],
)
def test_the_name_shown_is_the_last_part_without_what_cannot_be_printed(name: str, shown: str) -> None:
    assert clean_filename(name) == shown


def test_a_name_of_300_characters_keeps_its_ending() -> None:
    shown = clean_filename("x" * 300 + ".flac")
    assert len(shown) == 200
    assert shown.endswith("x.flac")


@given(st.text(max_size=400))
def test_every_name_can_be_shown_and_stored(name: str) -> None:
    shown = clean_filename(name)
    assert 0 < len(shown) <= 200
    assert not set(shown) & {"/", "\\", "\0", "\n"}
    assert shown.isprintable()
    assert shown.encode()  # no half of a surrogate pair


@given(st.text(st.one_of(st.sampled_from("Uu\u0308\u200d \n\0"), st.characters(exclude_categories=["Cs"]))))
@example("U\u200d\u0308")  # what is taken out leaves two signs that are one letter
def test_what_was_made_printable_is_found_by_itself(name: str) -> None:
    assert printable(printable(name)) == printable(name)
    assert printable(name).isprintable()


def test_a_title_is_one_printable_line() -> None:
    assert Wishes(title="  Anna\n\x00 and\tBen ").check().title == "Anna and Ben"
    assert len(Wishes(title="x" * 500).check().title) == 200
    assert printable("\x1b[31m") == "[31m"


def test_what_is_left_open_is_filled_in() -> None:
    assert Wishes(language=" ", priority=" ").check() == Wishes("", "detect", settings().stt_engine, "normal", "two")


@pytest.mark.parametrize(("asked", "kept"), [("en_gb", "en-GB"), ("EN", "en"), ("en-US", "en-US")])
def test_a_language_is_kept_as_it_is_written(asked: str, kept: str) -> None:
    assert Wishes(language=asked).check().language == kept


def test_another_language_is_refused_with_a_sentence() -> None:
    with pytest.raises(LanguageNotSupported, match="English only"):
        Wishes(language="de").check()


def test_an_unknown_engine_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(EngineUnknown, match="pocketsphinx"):
        Wishes(engine="nonesuch").check()


def test_an_engine_that_is_not_set_up_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.engines.registry.settings", lambda: Settings(google_project=""))
    with pytest.raises(EngineUnknown, match="pocketsphinx"):
        Wishes(engine="google").check()


def test_an_unknown_number_of_speakers_is_refused() -> None:
    with pytest.raises(ValueError, match="one, two, more"):
        Wishes(speakers="three").check()


def test_checking_twice_changes_nothing() -> None:
    once = Wishes(language="Detect", speakers="more").check()
    assert once.check() == once


def test_an_unknown_priority_is_refused() -> None:
    with pytest.raises(ValueError, match="low, normal, high"):
        Wishes(priority="urgent").check()


def test_a_file_over_the_limit_is_refused_by_its_size_alone() -> None:
    check_size(settings().max_upload_bytes)
    with pytest.raises(FileTooLarge, match="2048 MB"):
        check_size(settings().max_upload_bytes + 1)
