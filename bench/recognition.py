"""How fast and how well the local engine transcribes, against its bare decoder on one core."""

import os
import re
import tempfile
from pathlib import Path

from pocketsphinx import Decoder

from bench.alternating import seconds_each
from jobs.engines import registry
from jobs.engines.protocol import ChunkDone
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SEC
from jobs.media.silences import cut

ROUNDS = 3


def measure(recording: Path, words: Path) -> dict[str, float]:
    """Ratios to the bare decoder, times real time, and word error rates (0 is perfect)."""
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        pcm = Path(folder) / "recording.pcm"
        audio_sec = decode(recording, pcm)
        texts: dict[str, str] = {}
        took = seconds_each(
            {
                "bare": lambda: texts.update(bare=_bare(pcm)),
                "one": lambda: texts.update(one=_product(pcm, 1)),
                "all": lambda: texts.update(all=_product(pcm, cores)),
            },
            ROUNDS,
        )
    spoken = words.read_text()
    return {
        "audio_sec": audio_sec,
        "cores": cores,
        "bare_times_real_time": audio_sec / took["bare"],
        "one_process_to_bare": took["one"] / took["bare"],
        "all_cores_to_bare": took["all"] / took["bare"],
        "word_error_rate_bare": word_error_rate(spoken, texts["bare"]),
        "word_error_rate": word_error_rate(spoken, texts["all"]),
    }


def word_error_rate(spoken: str, heard: str) -> float:
    """Insertions, deletions and substitutions over the number of words spoken (Levenshtein, on words)."""
    reference, found = _words(spoken), _words(heard)
    row = list(range(len(found) + 1))
    for i, word in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1] / len(reference)


def _bare(pcm: Path) -> str:
    decoder = Decoder(loglevel="FATAL")
    decoder.start_utt()
    with pcm.open("rb") as sound:
        while block := sound.read(BYTES_PER_SEC):
            decoder.process_raw(block)
    decoder.end_utt()
    return decoder.hyp().hypstr if decoder.hyp() else ""


def _product(pcm: Path, processes: int) -> str:
    engine = registry.engine("pocketsphinx")
    engine.preload()
    with engine.recogniser(processes) as recogniser:
        done = [event for event in recogniser.recognise(pcm, cut(pcm)) if isinstance(event, ChunkDone)]
    done.sort(key=lambda event: event.chunk.start_sec)
    return " ".join(segment.text for event in done for segment in event.segments)


def _words(text: str) -> list[str]:
    lines = [re.sub(r"^(coach|client):", "", line.strip(), flags=re.IGNORECASE) for line in text.splitlines()]
    return re.findall(r"[a-z']+", " ".join(lines).lower())
