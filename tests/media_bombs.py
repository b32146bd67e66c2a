"""Small files that would become large, and headers that claim what no recording has: written byte by byte, in moments.

No encoder runs here: 24 hours of silence are one frame or packet, repeated with its number and checksum.
"""

import struct
import zlib
from pathlib import Path

from tests import hostile_media as media

FLAC_BLOCK = 65_535  # samples a frame, the most that the format allows
FLAC_RATE = 16_000
OPUS_PACKET_SEC = 0.12  # the most that one packet may hold
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def flac_of_silence(path: Path, real_sec: float, *, claimed_sec: float | None = None, padding_mb: int = 0) -> Path:
    """About 4 bytes a second; the header may claim another length, and metadata may make the file large."""
    frames = -(-int(real_sec * FLAC_RATE) // FLAC_BLOCK)
    claimed = frames * FLAC_BLOCK if claimed_sec is None else int(claimed_sec * FLAC_RATE)
    stream_info = struct.pack(
        ">HH6xQ16x", FLAC_BLOCK, FLAC_BLOCK, FLAC_RATE << 44 | 15 << 36 | claimed
    )  # mono, 16 bits, and no checksum of the sound
    padding = b"\x01\xf0\0\0" + bytes(0xF00000)  # a block of metadata: 15 MiB of nothing
    blocks = [b"\x00\0\0\x22" + stream_info, *[padding] * (padding_mb // 15), b"\x81\0\0\0"]
    path.write_bytes(b"fLaC" + b"".join(blocks) + b"".join(map(_flac_frame, range(frames))))
    return path


def _flac_frame(number: int) -> bytes:
    """One constant subframe of zeros."""
    header = b"\xff\xf8\x75\x08" + chr(number).encode("utf-8", "surrogatepass") + struct.pack(">H", FLAC_BLOCK - 1)
    header += _checksum(header, 0x07, 8).to_bytes(1, "big")
    frame = header + bytes(3)
    return frame + _checksum(frame, 0x8005, 16).to_bytes(2, "big")


def _checksum(data: bytes, polynomial: int, bits: int) -> int:
    remainder, top = 0, 1 << bits - 1
    for byte in data:
        remainder ^= byte << bits - 8
        for _ in range(8):
            remainder = remainder << 1 ^ (polynomial if remainder & top else 0)
        remainder &= (1 << bits) - 1
    return remainder


def opus_of_silence(path: Path, real_sec: float, *, claimed_sec: float | None = None) -> Path:
    """About 26 bytes a second: packets of two bytes, each six frames in which nothing is said."""
    packets = int(real_sec / OPUS_PACKET_SEC)
    pages = [
        _ogg_page(2, 0, 0, [b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)]),
        _ogg_page(0, 0, 1, [b"OpusTags" + bytes(8)]),
    ]
    for first in range(0, packets, 255):
        count = min(255, packets - first)
        last = first + count == packets
        until_sec = claimed_sec if last and claimed_sec is not None else (first + count) * OPUS_PACKET_SEC
        position = round(until_sec * 48_000)
        pages.append(_ogg_page(4 if last else 0, position, len(pages), [b"\xfb\x06"] * count))
    path.write_bytes(b"".join(pages))
    return path


def _ogg_page(flags: int, position: int, number: int, packets: list[bytes]) -> bytes:
    page = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, 7, number, 0, len(packets))
    page += bytes(map(len, packets)) + b"".join(packets)
    # Ogg's checksum is zlib's read backwards, without its inversions
    backwards = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return page[:22] + struct.pack("<I", int(f"{backwards:032b}"[::-1], 2)) + page[26:]


def odd_wav(path: Path, *, rate: int = 16_000, channels: int = 1, bits: int = 16, codec: int = 1) -> Path:
    """A WAV of about a hundred thousand bytes whose header says all this."""
    block = channels * bits // 8 & 0xFFFF
    header = struct.pack("<HHIIHH", codec, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    sound = b"\x01\x02" * 50_000
    chunks = b"fmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(sound)) + sound
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)
    return path


def tagged_mp3(path: Path, frame: str, content: bytes) -> Path:
    """An MP3 of two seconds behind an ID3 tag with one frame."""
    sound = media.good_file(path.parent, media.Format(path.name, "mp3", "libmp3lame", 44_100, "MP3")).read_bytes()
    body = frame.encode() + _seven_bits(len(content)) + b"\0\0" + content
    path.write_bytes(b"ID3\x04\0\0" + _seven_bits(len(body)) + body + sound)
    return path


def _seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def mp3_with_cover(path: Path, width: int, height: int) -> Path:
    """Its cover is one colour, so that `width * height * 3` bytes become a thousandth in the file."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + width * 3)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )
    return tagged_mp3(path, "APIC", b"\0image/png\0\3\0\x89PNG\r\n\x1a\n" + chunks)
