"""Reader of a legacy torch checkpoint (before 1.6) without torch: its float tensors as NumPy arrays.

The file is five pickles (magic number, protocol, system, object, keys of the storages), then each storage: its length
as int64 and its values. A pickle may name any function for its reader to call: this one knows four names, and refuses
a file with any other. https://docs.python.org/3/library/pickle.html#restricting-globals
"""

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
FLOAT_BYTES = 4

Tensor = npt.NDArray[np.float32]


class NotACheckpoint(ValueError):
    """The bytes are not a checkpoint of the known form."""


def read_state(content: bytes, key: str) -> dict[str, Tensor]:
    """The tensors by name of the state dict `key`, as copies. Raises `NotACheckpoint`."""
    source = io.BytesIO(content)
    try:
        if _load(source) != MAGIC or _load(source) != PROTOCOL:
            raise NotACheckpoint("not a legacy torch checkpoint")
        if not _load(source)["little_endian"]:
            raise NotACheckpoint("written on a big-endian machine")
        saved, keys = _load(source)[key], _load(source)
        storages = _storages(source, keys)
        return {str(name): tensor.of(storages) for name, tensor in saved.items() if isinstance(tensor, _Tensor)}
    except NotACheckpoint:
        raise
    except Exception as error:
        raise NotACheckpoint(f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class _Tensor:
    """A view of a storage: where it begins, its shape, and its steps, all in values."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]

    def of(self, storages: dict[str, Tensor]) -> Tensor:
        values = storages[self.storage]
        last = self.offset + sum((size - 1) * step for size, step in zip(self.shape, self.steps, strict=True))
        if min(self.offset, *self.steps, *self.shape) < 0 or last >= len(values):
            raise NotACheckpoint(f"a tensor reaches beyond its storage {self.storage}")
        strides = tuple(step * FLOAT_BYTES for step in self.steps)
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, strides).copy()


def _tensor(storage: str, offset: int, shape: tuple[int, ...], steps: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, offset, shape, steps)


class _Unpickler(pickle.Unpickler):
    """Unpickles plain values, dicts in order and descriptions of float tensors, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", "FloatStorage":
                return "float"
        raise NotACheckpoint(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> str:
        kind, values, key, *_ = pid
        if kind != "storage" or values != "float":
            raise NotACheckpoint(f"it refers to {kind} of {values}")
        return str(key)


def _load(source: BinaryIO) -> Any:
    return _Unpickler(source).load()


def _storages(source: io.BytesIO, keys: list[str]) -> dict[str, Tensor]:
    content, at = source.getbuffer(), source.tell()
    storages = {}
    for key in keys:
        count = int.from_bytes(content[at : at + 8], "little")
        storages[key] = np.frombuffer(content, dtype="<f4", count=count, offset=at + 8)
        at += 8 + count * FLOAT_BYTES
    return storages
