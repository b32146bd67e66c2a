"""A transcript as text, subtitles (SRT, WebVTT) or JSON, and the name of the file it is downloaded as. Pure."""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import quote

Segment = Mapping[str, Any]  # as store/transcript_queries.py reads it
LONGEST_NAME = 120


class Format(StrEnum):
    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


MEDIA_TYPES = {
    Format.TXT: "text/plain",
    Format.SRT: "application/x-subrip",
    Format.VTT: "text/vtt",
    Format.JSON: "application/json",
}


def write(
    wanted: Format, segments: Sequence[Segment], *, session_id: uuid.UUID, title: str, complete: bool = True
) -> str:
    """The transcript in the wanted format; `complete` False says in JSON that more is to come."""
    match wanted:
        case Format.TXT:
            return as_txt(segments)
        case Format.SRT:
            return as_srt(segments)
        case Format.VTT:
            return as_vtt(segments)
        case Format.JSON:
            return as_json(segments, session_id=session_id, title=title, complete=complete)


def as_txt(segments: Sequence[Segment]) -> str:
    """A line a segment, with its speaker where one is known."""
    return "".join(f"{_spoken(segment)}\n" for segment in _with_text(segments))


def as_srt(segments: Sequence[Segment]) -> str:
    cues = (
        f"{number}\n{_time(start, ',')} --> {_time(end, ',')}\n{_spoken(segment)}\n\n"
        for number, (segment, start, end) in enumerate(_timed(segments), start=1)
    )
    return "".join(cues)


def as_vtt(segments: Sequence[Segment]) -> str:
    """WebVTT, in which `&`, `<` and `>` of the text are escaped, so that `-->` cannot occur in it."""
    cues = (
        f"{_time(start, '.')} --> {_time(end, '.')}\n{_voice(segment)}{_escaped(_line(segment['text']))}\n\n"
        for segment, start, end in _timed(segments)
    )
    return "WEBVTT\n\n" + "".join(cues)


def as_json(segments: Sequence[Segment], *, session_id: uuid.UUID, title: str, complete: bool) -> str:
    """All that is known of each segment, words with their times included; seconds. `speaker_label` is what `speaker` is
    while nobody has given a name."""
    labelled = [{"speaker_label": segment.get("speaker"), **segment} for segment in segments]
    whole = {"session_id": str(session_id), "title": title, "complete": complete, "segments": labelled}
    return json.dumps(whole, ensure_ascii=False)


def file_name(title: str, wanted: Format) -> str:
    """`title.srt` without what a file system or a header would take amiss."""
    name = re.sub(r'[\\/:*?"<>|]', " ", "".join(letter for letter in title if letter.isprintable()))
    return (re.sub(r"\s+", " ", name).strip(" .")[:LONGEST_NAME].strip() or "transcript") + f".{wanted}"


def content_disposition(title: str, wanted: Format) -> str:
    """The header that makes a browser save it under `file_name`."""
    return disposition(file_name(title, wanted), "attachment")


def disposition(name: str, kind: str) -> str:
    """`kind; filename=…` with an ASCII stand-in and the exact name after it (RFC 6266, RFC 8187)."""
    printable = "".join(letter for letter in name if letter.isprintable())
    plain = re.sub(r'["\\%]', "_", printable.encode("ascii", "replace").decode().replace("?", "_"))
    exact = quote(printable.encode("utf-8", "replace"), safe="!#$&+-.^_`|~")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{exact}"


def _with_text(segments: Sequence[Segment]) -> list[Segment]:
    return [segment for segment in segments if _line(segment["text"])]


def _timed(segments: Sequence[Segment]) -> list[tuple[Segment, int, int]]:
    """The segments with their times in milliseconds; none ends before it begins."""
    timed = []
    for segment in _with_text(segments):
        start = max(round(segment["start_sec"] * 1000), 0)
        timed.append((segment, start, max(round(segment["end_sec"] * 1000), start + 1)))
    return timed


def _time(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"


def _spoken(segment: Segment) -> str:
    speaker, text = _line(segment.get("speaker") or ""), _line(segment["text"])
    return f"{speaker}: {text}" if speaker else text


def _voice(segment: Segment) -> str:
    speaker = _line(segment.get("speaker") or "")
    return f"<v {_escaped(speaker)}>" if speaker else ""


def _line(text: str) -> str:
    """On one line: an empty line would end a subtitle."""
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
