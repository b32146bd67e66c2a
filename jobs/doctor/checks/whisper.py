"""Has Whisper its weights, are they what they should be, and is this machine made for it?"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from jobs.doctor.checks.machine import existing
from jobs.doctor.finding import Finding, fine, note, wrong
from jobs.engines.whisper import joining, weights
from jobs.engines.whisper.weight_files import beside_packages
from jobs.errors import EngineUnavailable
from store.settings import Settings

ENGINE = "whisper"
SET_UP = weights.SET_UP
PATIENCE_SEC = 120.0  # every byte of the weights is read, and the largest have three billion
PROCESSORS = Path("/proc/cpuinfo")
UNPINNED = "of WHISPER_MODEL_DIR; its files are whole, and no hash says what they should hold"
NAME, SPEAKERS, PROCESSOR = "whisper weights", "speakers", "processor"


def weights_found(configured: Settings) -> Iterator[Finding]:
    """Which weights are used, verified byte by byte, and why no better ones; the speakers' encoder; the processor.

    What is missing is wrong when Whisper is the engine of sessions that name none, else a note.
    """
    bad = wrong if configured.stt_engine == ENGINE else note
    try:
        found = weights.verified()
    except EngineUnavailable as error:
        yield bad(NAME, error.detail or error.sentence, f"{SET_UP}, or STT_ENGINE=pocketsphinx")
    else:
        yield fine(NAME, f"{found.label}, {'verified by its hashes' if found.pins else UNPINNED}")
        if found.step_down:
            yield note(NAME, found.step_down, found.fix)
    yield from _room(configured, bad)
    yield _encoder(bad)
    yield from _processor()


def _room(configured: Settings, bad: Callable[[str, str, str], Finding]) -> Iterator[Finding]:
    """Only when Whisper base has still to be joined, and there is no room for it."""
    folders = weights.joined_folders(configured)
    if any(joining.is_joined(folder) for folder in folders):
        return
    free = max(shutil.disk_usage(existing(folder)).free for folder in folders)
    if free < joining.NEEDED_BYTES:
        yield bad(
            NAME,
            f"{free / 2**20:.0f} MiB free in {beside_packages().parent}; Whisper base needs"
            f" {joining.NEEDED_BYTES / 2**20:.0f}",
            f"free some space, then {SET_UP}",
        )


def _encoder(bad: Callable[[str, str, str], Finding]) -> Finding:
    try:
        weights.speaker_encoder()
    except EngineUnavailable as error:
        says, _, fix = (error.detail or error.sentence).partition("; ")
        return bad(SPEAKERS, f"{error.sentence} Speakers are not told apart: {says}", fix.removesuffix(" mends it"))
    return fine(SPEAKERS, "the encoder that tells them apart is verified by its hash")


def _processor() -> Iterator[Finding]:
    """Only on processors of the kind that may lack it."""
    try:
        lines = PROCESSORS.read_text().splitlines()
    except OSError:
        return
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), None)
    if flags is not None and "avx2" not in flags:
        yield note(
            PROCESSOR,
            "it has no AVX2 (or the virtual machine hides it), so that Whisper is several times slower",
            "choose a processor with AVX2, WHISPER_MODEL=tiny.en, or STT_ENGINE=pocketsphinx",
        )
