"""MP4 files with too much of something in their header: tracks, edits, samples, pixels."""

import struct
from pathlib import Path

from tests import hostile_media as media

MP4 = next(form for form in media.FORMATS if form.file_name == "talk.mp4")
MP4_WITH_VIDEO = next(form for form in media.FORMATS if form.file_name == "talk-video.mp4")


def many_tracks(path: Path, tracks: int) -> Path:
    """The same track, `tracks` times."""
    head, boxes = _movie(path)
    return _write(path, head, [content for kind, content in boxes for _ in range(tracks if kind == b"trak" else 1)])


def many_edits(path: Path, edits: int) -> Path:
    """A track that plays itself from the beginning, `edits` times."""
    head, boxes = _movie(path)
    entries = struct.pack(">IiI", 2000, 0, 0x10000) * edits
    edit_list = _box(b"edts", _box(b"elst", struct.pack(">II", 0, edits) + entries))
    return _write(
        path, head, [_box(b"trak", content[8:] + edit_list) if kind == b"trak" else content for kind, content in boxes]
    )


def many_samples(path: Path, samples: int) -> Path:
    """A table that says `samples` samples of one byte each, lasting a second each."""
    head, boxes = _movie(path)
    moov = bytearray(b"".join(content for _, content in boxes))
    sizes, times = moov.index(b"stsz") + 4, moov.index(b"stts") + 4
    struct.pack_into(">III", moov, sizes, 0, 1, samples)
    struct.pack_into(">II", moov, times + 8, samples, 44_100)
    return _write(path, head, [bytes(moov)])


def huge_video(path: Path, width: int, height: int) -> Path:
    """A good recording beside a picture that claims to be this large."""
    content = bytearray(media.good_file(path.parent, MP4_WITH_VIDEO).read_bytes())
    struct.pack_into(">HH", content, content.index(b"mp4v", content.rindex(b"moov")) + 28, width, height)
    path.write_bytes(content)
    return path


def _movie(path: Path) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """What lies before the `moov` box of a good MP4, and the boxes in it."""
    content = media.good_file(path.parent, MP4).read_bytes()
    begin = content.rindex(b"moov") - 4
    moov, boxes = content[begin + 8 :], []
    while moov:
        size, kind = struct.unpack_from(">I4s", moov)
        boxes.append((kind, moov[:size]))
        moov = moov[size:]
    return content[:begin], boxes


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def _write(path: Path, head: bytes, boxes: list[bytes]) -> Path:
    path.write_bytes(head + _box(b"moov", b"".join(boxes)))
    return path
