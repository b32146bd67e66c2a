"""`python -m bench.baselines.bare_engine`: an engine of the product with nothing around it, timed.

It decodes, cuts, recognises and tells the voices apart as an attempt does, with the same processes at the same
priority, but without upload, queue, claim, heartbeat, checkpoints and transcript. Reads what to do as JSON from its
standard input, and writes what it heard as JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from jobs.engines import registry
from jobs.engines.protocol import DETECT, ChunkDone, InProcessEngine, LanguageHeard, Recogniser, Voices, Wanted
from jobs.media import sandbox
from jobs.media.decode import decode
from jobs.media.silences import cut
from jobs.speakers.relabel import spoken
from jobs.speakers.turns import tell_apart


@dataclass(frozen=True)
class Options:
    """How to recognise; the defaults are those of an attempt. `keep` the processes, with their models, for all
    recordings: then the processor time of one is not known."""

    engine: str = "whisper"
    processes: int = 1
    voices: bool = True
    keep: bool = False


@dataclass(frozen=True)
class Spoken:
    """A word as it was heard, in seconds from the beginning."""

    text: str
    start_sec: float
    end_sec: float


@dataclass(frozen=True)
class Heard:
    """What the engine made of a recording, the seconds that it took, and the processor time of it and its children."""

    took_sec: float
    cpu_sec: float
    text: str
    words: tuple[Spoken, ...] = ()
    language: str = ""


DEFAULT = Options()


def recognise(recording: Path, processes: int) -> Heard:
    """Run it as an attempt would, in a process of its own."""
    return recognise_each([recording], Options(processes=processes))[0]


def recognise_each(recordings: Sequence[Path], options: Options = DEFAULT, *, at_once: bool = False) -> list[Heard]:
    """Run it on each, one after the other in one process; or all at the same time, each in a process of its own."""
    if at_once:
        runs = [_started([recording], options) for recording in recordings]
        return [found for run in runs for found in _ended(run)]
    return _ended(_started(recordings, options))


def recognise_all(recordings: Sequence[Path]) -> list[Heard]:
    """Run it without voices on many recordings, as many at a time as there are cores; in their order."""
    options = Options(voices=False, keep=True)
    runs = min(len(os.sched_getaffinity(0)), len(recordings))
    shares = [_started(recordings[first::runs], options) for first in range(runs)]
    found: list[Heard | None] = [None] * len(recordings)
    for first, run in enumerate(shares):
        found[first::runs] = _ended(run)
    return [one for one in found if one is not None]


def _started(recordings: Sequence[Path], options: Options) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.baselines.bare_engine"]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert run.stdin is not None
    run.stdin.write(json.dumps({"recordings": [*map(str, recordings)], "options": asdict(options)}).encode())
    run.stdin.close()
    return run


def _ended(run: subprocess.Popen[bytes]) -> list[Heard]:
    assert run.stdout is not None
    answer = run.stdout.read()
    if run.wait():
        raise RuntimeError(f"The bare engine ended with exit code {run.returncode}.")
    return [Heard(**found | {"words": tuple(Spoken(*word) for word in found["words"])}) for found in json.loads(answer)]


def _each(engine: InProcessEngine, recordings: Sequence[Path], options: Options, folder: Path) -> Iterator[Heard]:
    with ExitStack() as kept:
        standing = kept.enter_context(engine.recogniser(options.processes)) if options.keep else None
        for recording in recordings:
            cpu_sec, begun = _cpu_sec(), time.perf_counter()
            with ExitStack() as own:
                recogniser = standing or own.enter_context(engine.recogniser(options.processes))
                text, words, language = _heard(engine, recogniser, recording, options, folder)
            yield Heard(time.perf_counter() - begun, _cpu_sec() - cpu_sec, text, words, language)


def _heard(
    engine: InProcessEngine, recogniser: Recogniser, recording: Path, options: Options, folder: Path
) -> tuple[str, tuple[Spoken, ...], str]:
    """The text, its words, and the language that was heard."""
    pcm = folder / f"{os.getpid()}.pcm"
    decode(recording, pcm)
    wanted, language = Wanted(DETECT, detects=True, voices=options.voices), ""
    done: list[ChunkDone] = []
    for event in recogniser.recognise(pcm, cut(pcm, engine.lengths), wanted):
        if isinstance(event, LanguageHeard):
            language = event.language
        elif isinstance(event, ChunkDone):
            done.append(event)
    done.sort(key=lambda event: event.chunk.start_sec)
    segments = [segment for event in done for segment in event.segments]
    voices: list[Voices] = [event.voices for event in done if event.voices is not None]
    if options.voices:
        tell_apart(voices, segments)
    told = tuple(Spoken(word.text, word.start_sec, word.end_sec) for word in spoken(segments))
    return " ".join(segment.text for segment in segments), told, language


def _cpu_sec() -> float:
    """Of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    order = json.load(sys.stdin)
    options, recordings = Options(**order["options"]), [Path(name) for name in order["recordings"]]
    sandbox.preload()
    engine = registry.in_process(options.engine)
    engine.preload()
    with tempfile.TemporaryDirectory() as folder:
        decode(recordings[0], Path(folder) / "first.pcm")  # the fork server's imports are not timed
        found = list(_each(engine, recordings, options, Path(folder)))
    told = [asdict(one) | {"words": [[word.text, word.start_sec, word.end_sec] for word in one.words]} for one in found]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
