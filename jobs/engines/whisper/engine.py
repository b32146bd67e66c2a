"""The default engine: Whisper on this machine, by faster-whisper. Nothing dials out."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jobs.engines.children import Children, children
from jobs.engines.languages import WHISPER
from jobs.engines.phrases import sentences
from jobs.engines.protocol import Heard, LanguageHeard, Segment, Voices, Wanted
from jobs.engines.whisper import weights
from jobs.errors import EngineUnavailable
from jobs.media.pcm import SAMPLE_RATE
from jobs.media.silences import Chunk, Lengths, read_sound
from jobs.speakers.relabel import WITHOUT_SPACES

if TYPE_CHECKING:
    from jobs.engines.whisper.model import Model
    from jobs.engines.whisper.speech import Samples
    from jobs.speakers.encoder import Encoder

ENOUGH_SPEECH_SEC = 30.0  # to hear which language it is
LITTLE_SPEECH_SEC, SOME_SPEECH_SEC = 1.0, 10.0
CERTAIN, LIKELY = 0.8, 0.5  # probabilities that a language needs, with little speech and with some
BETWEEN_SEC = 0.1  # of silence between pieces of speech that are put together


class Whisper:
    """Implements `protocol.InProcessEngine`. Every process loads a model of its own, with its first chunk."""

    name = "whisper"
    label = "Whisper (local)"
    languages = WHISPER
    # A call costs the same for 1 s and for 30 s of sound: long chunks, within one window of the model
    lengths = Lengths(target_sec=25.0, max_sec=29.0, min_target_sec=20.0, min_late_sec=20.0)
    reports_within_chunks = False

    def preload(self) -> None:
        """Checks every byte of the weights (0.2 s). They are loaded after the fork: a model that was loaded before one
        hangs in the child for ever. Raises `EngineUnavailable`."""
        weights.stay_offline()
        weights.verified()

    def recogniser(self, processes: int) -> AbstractContextManager[Children]:
        weights.stay_offline()
        return children(processes, self.transcribe, self.detect if weights.find().multilingual else None)

    def transcribe(self, pcm: Path, chunk: Chunk, wanted: Wanted, _report: Callable[[float], None]) -> Heard:
        """The sentences of one chunk, all at once."""
        from jobs.engines.whisper.listening import listen

        samples = _samples(pcm, chunk)
        known = wanted.known.get(chunk.start_sec)
        if known is None:
            language = wanted.language.partition("-")[0].lower()
            words = [
                replace(
                    word,
                    start_sec=round(chunk.start_sec + word.start_sec, 2),
                    end_sec=round(min(chunk.start_sec + word.end_sec, chunk.end_sec), 2),
                    confidence=round(word.confidence or 0.0, 3),
                )
                for word in listen(self._model, samples, language).words
            ]
            known = sentences(words, between="" if language in WITHOUT_SPACES else " ")
        return Heard(known, self._voices(samples, chunk, known) if wanted.voices and known else None)

    def detect(self, pcm: Path, chunks: Sequence[Chunk]) -> LanguageHeard | None:
        """The language of the first half minute of speech; None where nobody speaks, or too little to tell."""
        from jobs.engines.whisper.speech import speech_in

        pieces: list[Samples] = []
        missing = round(ENOUGH_SPEECH_SEC * SAMPLE_RATE)
        for chunk in chunks:
            samples = _samples(pcm, chunk)
            for span in speech_in(samples):
                piece = samples[round(span.start_sec * SAMPLE_RATE) : round(span.end_sec * SAMPLE_RATE)][:missing]
                if len(piece) == 0:
                    break
                pieces += [piece, np.zeros(round(BETWEEN_SEC * SAMPLE_RATE), dtype=np.float32)]
                missing -= len(piece)
            if missing <= 0:
                break
        if not pieces:
            return None
        language, probability = self._model.heard_language(np.concatenate(pieces))
        speech_sec = ENOUGH_SPEECH_SEC - missing / SAMPLE_RATE
        certain = probability >= (LIKELY if speech_sec >= SOME_SPEECH_SEC else CERTAIN)
        return LanguageHeard(language, certain) if certain or speech_sec >= LITTLE_SPEECH_SEC else None

    def _voices(self, samples: "Samples", chunk: Chunk, segments: Sequence[Segment]) -> Voices | None:
        """What tells the voices apart; None where that is not possible. It never costs the words."""
        from jobs.speakers.windows import voices_of

        try:
            return voices_of(self._encoder, samples, chunk.start_sec, segments)
        except EngineUnavailable:
            return None

    @cached_property
    def _model(self) -> "Model":
        from jobs.engines.whisper.model import Model

        return Model(weights.find())

    @cached_property
    def _encoder(self) -> "Encoder":
        from jobs.speakers.encoder import Encoder

        return Encoder(weights.speaker_encoder())


def _samples(pcm: Path, chunk: Chunk) -> "Samples":
    """The chunk's sound, full scale is 1."""
    with pcm.open("rb") as sound:
        heard = b"".join(read_sound(sound, chunk, chunk.audio_sec + 1))
    return np.frombuffer(heard, dtype="<i2").astype(np.float32) / 32768.0
