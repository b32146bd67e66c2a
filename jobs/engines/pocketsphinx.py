"""The default engine: CMU PocketSphinx with the English model of its wheel. No account, no network, no download."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from pocketsphinx import Decoder

from jobs.engines.children import Children, children
from jobs.engines.phrases import phrases
from jobs.engines.protocol import Heard, Wanted, Word
from jobs.errors import EngineUnavailable
from jobs.media.pcm import BYTES_PER_SEC
from jobs.media.silences import USUAL, Chunk, read_sound

BLOCK_SEC = 0.25
FRAMES_PER_SEC = 100
FILLERS = ("<", "[", "+")  # <sil>, [NOISE], ++UH++


class PocketSphinx:
    """Implements `protocol.InProcessEngine`."""

    name = "pocketsphinx"
    label = "PocketSphinx (local)"
    lengths = USUAL
    reports_within_chunks = True

    def __init__(self) -> None:
        self._decoder: Decoder | None = None
        self._listener: Decoder | None = None

    def preload(self) -> None:
        """Loads the model (about 0.3 s, 150 MB, shared with the children). Raises `EngineUnavailable`."""
        if self._decoder is not None:
            return
        try:
            # no second, flat search pass: it shows no progress and was no better; every other frame scored (ds=2) was
            # no worse. Word error rate over 5 min of speech: 0.16 so, 0.17 with both passes and ds=1
            self._decoder = Decoder(loglevel="FATAL", fwdflat=False, ds=2)
            self._listener = Decoder(loglevel="FATAL", lm=None, keyphrase="oh")
        except (RuntimeError, OSError) as exc:
            raise EngineUnavailable(detail=f"pocketsphinx: {exc}") from exc

    def recogniser(self, processes: int) -> AbstractContextManager[Children]:
        self.preload()
        return children(processes, self.transcribe)

    def transcribe(self, pcm: Path, chunk: Chunk, _wanted: Wanted, report: Callable[[float], None]) -> Heard:
        """The phrases of one chunk; `report` gets the seconds of audio done as they are done. It knows no voices."""
        assert self._decoder is not None
        decoder = self._decoder
        with pcm.open("rb") as sound:
            decoder.reinit_feat()  # forgets the chunk before (0.1 ms)
            decoder.set_cmn(self._mean_cepstrum(sound, chunk))
            decoder.start_utt()
            for block in read_sound(sound, chunk, BLOCK_SEC):
                decoder.process_raw(block)
                report(len(block) / BYTES_PER_SEC)
            decoder.end_utt()
        return Heard(phrases(_words(decoder, chunk)))

    def _mean_cepstrum(self, sound: BinaryIO, chunk: Chunk) -> str:
        """What the chunk sounds like on average (speaker, room, microphone), for the decoder to start from.

        The decoder adapts while it listens and would mishear the beginning of every chunk; and what it learned from
        another chunk would make the text depend on the order in which chunks are done.
        """
        assert self._listener is not None
        self._listener.reinit_feat()
        self._listener.start_utt()
        for block in read_sound(sound, chunk, BLOCK_SEC):
            self._listener.process_raw(block)
        self._listener.end_utt()
        return str(self._listener.get_cmn(True))


def _words(decoder: Decoder, chunk: Chunk) -> list[Word]:
    """The words that were said, without the decoder's marks for silence and noise, in seconds of the recording."""
    return [
        Word(
            text=_spelling(part.word),
            start_sec=round(chunk.start_sec + part.start_frame / FRAMES_PER_SEC, 2),
            end_sec=round(min(chunk.start_sec + (part.end_frame + 1) / FRAMES_PER_SEC, chunk.end_sec), 2),
            confidence=round(min(max(part.prob, 0.0), 1.0), 3),  # the word's posterior probability in the lattice
        )
        for part in decoder.seg() or ()
        if not part.word.startswith(FILLERS)
    ]


def _spelling(word: str) -> str:
    """The dictionary's entry as people write it: `read(2)` is `read`, `i'm` is `I'm`."""
    plain: str = word.partition("(")[0]
    return "I" + plain[1:] if plain == "i" or plain.startswith("i'") else plain
