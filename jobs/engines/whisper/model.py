"""Whisper's network, loaded in the recognising process that uses it, and one window of speech at a time through it."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ctranslate2 import get_cuda_device_count
from ctranslate2.models import WhisperGenerationResult
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import Segment as Decoded
from faster_whisper.transcribe import TranscriptionOptions, get_compression_ratio

from jobs.engines.whisper.speech import Samples
from jobs.engines.whisper.weights import Weights
from store.settings import settings

BEAM = 5  # greedy decoding lost whole sentences after pauses
REPETITIVE = 2.4  # a text that compresses better than this goes round in circles
IMPROBABLE = -1.0  # mean log probability of its tokens
NO_SPEECH = 0.6
# What is tried in turn while a text is repetitive or improbable. Whisper's own way, to sample at random, gives another
# text each time: CTranslate2 seeds its generator once a thread.
TRIES: tuple[dict[str, Any], ...] = (
    {"beam_size": BEAM},
    {"beam_size": 1},
    {"beam_size": BEAM, "no_repeat_ngram_size": 3},
    {"beam_size": 2 * BEAM, "patience": 2.0, "repetition_penalty": 1.1},
)
log = logging.getLogger(__name__)
Result = tuple[WhisperGenerationResult, float, float, float]


class _WindowDone(Exception):
    """The library asks for the window after the one that was wanted."""


class Model(WhisperModel):  # type: ignore[misc]
    """faster-whisper's model, which decodes one window a call and the same text each time."""

    def __init__(self, weights: Weights) -> None:
        """Loads the weights: 0.6 s and 320 MB for base. Never before a fork: a forked child would hang in it."""
        device, precision = _device()
        threads = {"cpu_threads": 1} if device == "cpu" else {}
        super().__init__(
            str(weights.folder), device=device, compute_type=precision, local_files_only=True, num_workers=1, **threads
        )
        self._windows = 0

    def window(self, samples: Samples, language: str) -> list[Decoded]:
        """What is said in at most 30 s of sound: parts with words, times in seconds from the first sample.

        The library would go on from the last word to the end, and make words of a crumb of sound that holds none.
        """
        self._windows = 0
        found: list[Decoded] = []
        parts: Iterable[Decoded] = self.transcribe(
            samples,
            language=language if language in self.supported_languages else "en",
            beam_size=BEAM,
            word_timestamps=True,
            condition_on_previous_text=False,
        )[0]
        with suppress(_WindowDone):
            for part in parts:
                found.append(part)  # noqa: PERF402 - what came before the end is kept
        return found

    def encode(self, features: Any) -> Any:
        self._windows += 1
        if self._windows > 1:
            raise _WindowDone
        return super().encode(features)

    def heard_language(self, speech: Samples) -> tuple[str, float]:
        """The likeliest language of at most 30 s of nothing but speech, and its probability."""
        self._windows = 0
        language, probability, _ = self.detect_language(speech)
        return language, float(probability)

    def generate_with_fallback(
        self, encoder_output: Any, prompt: list[int], tokenizer: Tokenizer, options: TranscriptionOptions
    ) -> Result:
        """The first try whose text is neither repetitive nor improbable, else the most probable one."""
        results: list[Result] = []
        for how in TRIES:
            result = self.model.generate(
                encoder_output,
                [prompt],
                max_length=self.max_length,
                return_scores=True,
                return_no_speech_prob=True,
                suppress_blank=options.suppress_blank,
                suppress_tokens=options.suppress_tokens,
                max_initial_timestamp_index=round(options.max_initial_timestamp / self.time_precision),
                **how,
            )[0]
            tokens = result.sequences_ids[0]
            probable = result.scores[0] * len(tokens) / (len(tokens) + 1)  # the end of the text counts as a token
            repetitive = get_compression_ratio(tokenizer.decode(tokens).strip())
            results.append((result, probable, 0.0, repetitive))
            silent = result.no_speech_prob > NO_SPEECH and probable < IMPROBABLE
            if silent or (repetitive <= REPETITIVE and probable >= IMPROBABLE):
                return results[-1]
        return max([one for one in results if one[3] <= REPETITIVE] or results, key=lambda one: one[1])


def _device() -> tuple[str, str]:
    """Where to compute, and how precisely; the processor where CTranslate2 finds no graphics card."""
    wished = settings().whisper_device
    if wished != "cpu" and get_cuda_device_count() > 0:
        return "cuda", "int8_float16"
    if wished == "cuda":
        log.warning("WHISPER_DEVICE is cuda, but there is no graphics card that can be used: the processor does it")
    return "cpu", "int8"
