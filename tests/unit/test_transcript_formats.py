"""Transcripts as files: exact text in, exact file out."""

import json
import uuid

import pytest

from jobs.transcript_formats import Format, as_srt, as_txt, as_vtt, content_disposition, disposition, file_name, write

ID = uuid.UUID(int=7)


def segment(start: float, end: float, text: str, speaker: str | None = None) -> dict[str, object]:
    return {"start_sec": start, "end_sec": end, "speaker": speaker, "confidence": None, "text": text, "words": []}


TALK = [segment(0.0004, 1.5, "good morning"), segment(3599.9996, 7261.25, "how  are\nyou", "Anna"), segment(8, 9, " ")]


def test_txt_is_a_line_a_segment() -> None:
    assert as_txt(TALK) == "good morning\nAnna: how are you\n"


def test_srt_numbers_its_cues_and_writes_commas() -> None:
    assert as_srt(TALK) == (
        "1\n00:00:00,000 --> 00:00:01,500\ngood morning\n\n2\n01:00:00,000 --> 02:01:01,250\nAnna: how are you\n\n"
    )


def test_vtt_names_the_voice() -> None:
    assert as_vtt(TALK) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\ngood morning\n\n"
        "01:00:00.000 --> 02:01:01.250\n<v Anna>how are you\n\n"
    )


def test_vtt_escapes_what_would_be_markup() -> None:
    written = as_vtt([segment(0, 1, "<b>a</b> --> & b", "A>B")])
    assert written.endswith("<v A&gt;B>&lt;b&gt;a&lt;/b&gt; --&gt; &amp; b\n\n")


def test_no_cue_ends_before_it_begins() -> None:
    assert "00:00:02.000 --> 00:00:02.001" in as_vtt([segment(2, 2, "yes")])


@pytest.mark.parametrize(("wanted", "empty"), [("txt", ""), ("srt", ""), ("vtt", "WEBVTT\n\n")])
def test_nobody_spoke(wanted: str, empty: str) -> None:
    assert write(Format(wanted), [], session_id=ID, title="") == empty


def test_json_holds_everything() -> None:
    written = json.loads(write(Format.JSON, TALK, session_id=ID, title="Über", complete=False))
    labelled = [{**one, "speaker_label": one["speaker"]} for one in TALK]
    assert written == {"session_id": str(ID), "title": "Über", "complete": False, "segments": labelled}


def test_json_has_the_name_and_the_label_that_it_was_given_to() -> None:
    named = segment(0, 1, "hello", "Coach") | {"speaker_label": "Speaker 1"}
    [written] = json.loads(write(Format.JSON, [named], session_id=ID, title=""))["segments"]
    assert (written["speaker"], written["speaker_label"]) == ("Coach", "Speaker 1")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("First session", "First session.txt"),
        ("../../etc/passwd", "etc passwd.txt"),
        ('a/b\\c:"d"', "a b c d.txt"),
        ("line\r\nbreak\0", "linebreak.txt"),
        ("", "transcript.txt"),
        ("...", "transcript.txt"),
        ("🎙️", "🎙️.txt"),
        ("x" * 300, "x" * 120 + ".txt"),
    ],
)
def test_file_names_are_harmless(title: str, name: str) -> None:
    assert file_name(title, Format.TXT) == name


@pytest.mark.parametrize("title", ['a"; filename="evil.exe', "a\r\nSet-Cookie: x", "ü" * 50, "100%", "\ud800", "a'b*c"])
def test_the_header_cannot_be_broken(title: str) -> None:
    for header in (content_disposition(title, Format.SRT), disposition(title, "inline")):
        header.encode("ascii")
        assert header.isprintable()
        assert header.count('"') == 2
        assert header.count("filename") - header.count("filename_") >= 2
        assert header.rsplit("''", 1)[1].replace("%", "").replace(".", "").replace("_", "").isascii()


def test_the_header_names_both() -> None:
    assert content_disposition("Größe 1", Format.VTT) == (
        "attachment; filename=\"Gr__e 1.vtt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.vtt"
    )
