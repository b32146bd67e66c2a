"""A checkpoint is read without running anything that is in it."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.speakers.checkpoint import MAGIC, PROTOCOL, NotACheckpoint, read_state


class _Named:
    """Pickled as a call of module.name(*arguments)."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.of, self.name, self.arguments = module, name, arguments


class _Pickler(pickle._Pickler):  # the Python one, whose opcodes can be written by hand
    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Named):
            self.write(pickle.GLOBAL + f"{obj.of}\n{obj.name}\n".encode())
            if obj.arguments:
                super().save(obj.arguments)
                self.write(pickle.REDUCE)
            return
        super().save(obj, save_persistent_id)

    def persistent_id(self, obj: Any) -> Any:
        return obj.as_tuple if isinstance(obj, _Storage) else None


class _Storage:
    def __init__(self, key: str, kind: str = "FloatStorage") -> None:
        self.as_tuple = ("storage", _Named("torch", kind), key, "cpu", 6, None)


def checkpoint(state: Any, values: np.ndarray, magic: int = MAGIC) -> bytes:
    import io

    target = io.BytesIO()
    for value in (magic, PROTOCOL, {"little_endian": True}, {"model_state": state}, ["7"]):
        _Pickler(target, protocol=2).dump(value)
    return target.getvalue() + len(values).to_bytes(8, "little") + values.astype("<f4").tobytes()


def tensor(offset: int, shape: tuple[int, ...], steps: tuple[int, ...], kind: str = "FloatStorage") -> _Named:
    storage = _Storage("7", kind)
    return _Named("torch._utils", "_rebuild_tensor_v2", storage, offset, shape, steps, False, OrderedDict())


VALUES = np.arange(6, dtype=np.float32)


def test_tensors_are_views_of_their_storage() -> None:
    state = OrderedDict(whole=tensor(0, (2, 3), (3, 1)), turned=tensor(0, (3, 2), (1, 3)), part=tensor(4, (2,), (1,)))
    found = read_state(checkpoint(state, VALUES), "model_state")
    assert found["whole"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["turned"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found["part"].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("torch", "DoubleStorage"), ("collections", "Counter")]
)
def test_any_other_name_is_refused(module: str, name: str, tmp_path: Path) -> None:
    state = OrderedDict(bad=_Named(module, name, f"touch {tmp_path / 'ran'}"))
    with pytest.raises(NotACheckpoint, match="it names"):
        read_state(checkpoint(state, VALUES), "model_state")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "bad", [tensor(4, (3,), (1,)), tensor(-1, (2,), (1,)), tensor(0, (2, 3), (4, 1)), tensor(0, (2,), (-1,))]
)
def test_a_tensor_stays_in_its_storage(bad: _Named) -> None:
    with pytest.raises(NotACheckpoint, match="beyond"):
        read_state(checkpoint(OrderedDict(bad=bad), VALUES), "model_state")


def test_damaged_files_are_refused() -> None:
    whole = checkpoint(OrderedDict(one=tensor(0, (6,), (1,))), VALUES)
    assert read_state(whole, "model_state")["one"].tolist() == VALUES.tolist()
    for content in (b"", b"PK\x03\x04", whole[:40], whole[:-4], checkpoint({}, VALUES, magic=1)):
        with pytest.raises(NotACheckpoint):
            read_state(content, "model_state")
    with pytest.raises(NotACheckpoint):
        read_state(whole, "optimizer_state")
