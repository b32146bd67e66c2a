"""Whisper models of a few hundred bytes, in the formats of the real ones: they can be found, checked and refused."""

import hashlib
import json
import struct
from pathlib import Path

from jobs.engines.whisper.weight_files import Pin, Pins

MULTILINGUAL, ENGLISH, BANDS_128 = 51_865, 51_864, 51_866


def text(value: str) -> bytes:
    """As CTranslate2 writes it: its length, its letters, a zero."""
    content = value.encode() + b"\0"
    return struct.pack("<H", len(content)) + content


def model_bin(numbers: bytes = b"\x01\x02\x03\x04", spec: str = "WhisperSpec") -> bytes:
    """A model with two variables, in version 6 of the format."""
    head = struct.pack("<I", 6) + text(spec) + struct.pack("<II", 3, 2)
    scalar = text("decoder/activation") + struct.pack("<BBI", 0, 1, 1) + b"\x03"
    matrix = text("encoder/weight") + struct.pack("<BIIBI", 2, 2, len(numbers) // 2, 1, len(numbers)) + numbers
    return head + scalar + matrix + struct.pack("<I", 0)


def model_files(tokens: int = MULTILINGUAL, numbers: bytes = b"\x01\x02\x03\x04") -> dict[str, bytes]:
    """The files of a model, by name."""
    words = "\n".join(f"w{number}" for number in range(tokens))
    return {
        "model.bin": model_bin(numbers),
        "config.json": b'{"lang_ids": [1]}',
        "tokenizer.json": b'{"model": {}}',
        "vocabulary.txt": words.encode(),
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Put them into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def pins_of(files: dict[str, bytes]) -> Pins:
    """What is pinned of them."""
    return {name: Pin(len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()}


def record_of(files: dict[str, bytes]) -> bytes:
    """What `make model` writes down of them."""
    found = {name: {"bytes": pin.size, "sha256": pin.sha256} for name, pin in pins_of(files).items()}
    return json.dumps({"source": "someone/something@1", "files": found}).encode()
