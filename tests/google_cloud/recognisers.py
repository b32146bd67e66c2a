"""What recognises: the product's local engine in processes of its own, or the text that the suite knows beforehand."""

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from jobs.engines.pocketsphinx import PocketSphinx as Engine
from jobs.engines.protocol import Wanted, Word
from jobs.leash import die_with_parent
from jobs.media.pcm import BYTES_PER_SEC
from jobs.media.silences import Chunk, cut
from tests.faults.recordings import text_of
from tests.google_cloud.operations import Share

NICENESS = 10


@dataclass(frozen=True)
class Heard:
    """One stretch of sound: no words when nobody spoke."""

    end_sec: float
    text: str
    words: tuple[Word, ...]
    stop: str = ""  # the punctuation after it, for who wants some


class Recogniser(Protocol):
    """Recognises many sounds at once, none of which holds a thread for long."""

    async def recognise(self, sound: bytes, share: Share) -> Sequence[Heard]:
        """What was said, in order. `sound` is as in `jobs.media.pcm`; `share` is told how far it is."""

    def close(self) -> None:
        """Ends its processes."""


class Suite:
    """The text follows from the samples (`tests.faults.recordings.text_of`), one result for the whole sound.

    It takes `share.pace` seconds a second of audio, and no CPU.
    """

    async def recognise(self, sound: bytes, share: Share) -> Sequence[Heard]:
        audio_sec = len(sound) / BYTES_PER_SEC
        lasts_sec = share.pace * audio_sec
        share.runs(lasts_sec)
        await asyncio.sleep(lasts_sec)
        text = text_of(sound)
        return [Heard(audio_sec, text, (Word(text, 0.0, audio_sec, 1.0),))]

    def close(self) -> None:
        """There are no processes."""


class PocketSphinx:
    """The product's local engine, chunk by chunk; each chunk becomes one result."""

    def __init__(self, processes: int) -> None:
        # spawned, not forked: gRPC's threads would be copied half
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, mp_context=spawn, initializer=_begin, initargs=(os.getpid(),))

    async def recognise(self, sound: bytes, share: Share) -> Sequence[Heard]:
        with tempfile.TemporaryDirectory(prefix="speech-server-") as folder:
            pcm = Path(folder) / "sound.pcm"
            pcm.write_bytes(sound)
            chunks = await asyncio.to_thread(cut, pcm)
            total_sec = sum(chunk.audio_sec for chunk in chunks)

            async def one(chunk: Chunk) -> Heard:
                heard = await asyncio.get_running_loop().run_in_executor(self._pool, _recognise, pcm, chunk)
                share.done += chunk.audio_sec / total_sec
                return heard

            return await asyncio.gather(*(one(chunk) for chunk in chunks))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(parent: int) -> None:
    die_with_parent(parent)
    os.nice(NICENESS)


@cache
def _engine() -> Engine:
    engine = Engine()
    engine.preload()
    return engine


def _recognise(pcm: Path, chunk: Chunk) -> Heard:
    """Runs in a process of the pool."""
    phrases = _engine().transcribe(pcm, chunk, Wanted(), lambda _: None).segments
    text = " ".join(phrase.text for phrase in phrases)
    timed = (word for phrase in phrases for word in phrase.words)
    words = tuple(replace(word, text=written) for word, written in zip(timed, text.split(), strict=True))
    return Heard(chunk.end_sec, text, words, stop=".")
