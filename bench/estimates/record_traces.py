"""`python -m bench.estimates.record_traces FILE…`: runs of a local engine as traces for `make bench-eta`.

Recordings of mixed lengths are put together from pieces of the files named (the sample without any), and go through
the product's own steps: decode, cut, hear the language, recognise, tell two voices apart where the engine can. A trace
is (seconds since the start, seconds of audio done); its second point is the end of the preparation.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

from jobs.engines import registry
from jobs.engines.protocol import DETECT, AudioDone, ChunkDone, Segment, Voices, Wanted
from jobs.media.decode import decode
from jobs.media.pcm import BYTES_PER_SAMPLE, BYTES_PER_SEC, SAMPLE_RATE
from jobs.media.silences import cut
from jobs.speakers.turns import tell_apart

SAMPLE = Path(__file__).parents[2] / "sample" / "coaching-dialogue.flac"
RECORDED = Path(__file__).parent / "recorded"
ENGINES = ("whisper", "pocketsphinx")
PIECE_SEC = (4.0, 25.0)
REPORT_SEC = 1.0  # as often as a heartbeat writes
SHORTEST_SEC, LONGEST_SEC = 12.0, 1200.0


def main() -> None:
    arguments = _arguments()
    if arguments.one is not None:
        print(json.dumps(_run(arguments.engine, arguments.one, arguments.processes)))
        return
    out = arguments.out or RECORDED / f"{arguments.engine}.json"
    chance, begun = random.Random(arguments.seed), time.monotonic()
    traces: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        sound = _sound(arguments.files or [SAMPLE], Path(folder))
        while time.monotonic() - begun < arguments.minutes * 60:
            at_once = chance.choice([1, 1, 1, 2, 2, 3])
            processes = chance.choice([1, 2, 2])
            paths = [Path(folder) / f"{i}.wav" for i in range(at_once)]
            recordings = [_recording(sound, chance, path, arguments.longest) for path in paths]
            started = time.monotonic() - begun
            module = [sys.executable, "-m", "bench.estimates.record_traces", "--engine", arguments.engine]
            command = [*module, "--processes", str(processes), "--one"]
            runs = [subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE) for path in recordings]
            for run in runs:
                found = json.loads(run.communicate()[0])
                facts = {"engine": arguments.engine, "at_once": at_once, "processes": processes}
                traces.append(facts | {"started_sec": round(started, 1)} | found)
            traces.sort(key=lambda trace: trace["started_sec"] + trace["points"][-1][0])
            out.write_text("[\n" + ",\n".join(json.dumps(trace) for trace in traces) + "\n]\n")
            print(f"{len(traces)} traces after {time.monotonic() - begun:.0f} s", flush=True)


def _run(engine_name: str, recording: Path, processes: int) -> dict[str, Any]:
    """One run: its length in seconds of audio, and its points, the last one at its end."""
    engine = registry.in_process(engine_name)
    wanted = Wanted(DETECT, detects=registry.detects(engine_name), voices=registry.tells_voices_apart(engine_name))
    engine.preload()
    pcm = recording.with_suffix(".pcm")
    begun = time.monotonic()
    points = [(0.0, 0.0)]
    with engine.recogniser(processes) as recogniser:
        audio_sec = decode(recording, pcm)
        chunks = cut(pcm, engine.lengths)
        points.append((round(time.monotonic() - begun, 2), 0.0))
        done, told = 0.0, -REPORT_SEC
        finished: list[ChunkDone] = []
        for event in recogniser.recognise(pcm, chunks, wanted):
            if isinstance(event, ChunkDone):
                finished.append(event)
            if isinstance(event, AudioDone):
                done += event.audio_sec
                now = time.monotonic() - begun
                if now - told >= REPORT_SEC and 0 < done < audio_sec:
                    points.append((round(now, 2), round(done, 2)))
                    told = now
        if wanted.voices:
            _tell_apart(finished)
    points.append((round(time.monotonic() - begun, 2), round(audio_sec, 2)))
    pcm.unlink()
    return {"audio_sec": round(audio_sec, 2), "points": points}


def _tell_apart(finished: list[ChunkDone]) -> None:
    """The last stage of an attempt, which takes time after all audio is done."""
    finished.sort(key=lambda event: event.chunk.start_sec)
    voices: list[Voices] = [event.voices for event in finished if event.voices is not None]
    segments: list[Segment] = [segment for event in finished for segment in event.segments]
    tell_apart(voices, segments)


def _sound(files: list[Path], folder: Path) -> bytes:
    pcm = folder / "all.pcm"
    sound = b""
    for file in files:
        decode(file, pcm)
        sound += pcm.read_bytes()
    return sound


def _recording(sound: bytes, chance: random.Random, path: Path, longest_sec: float) -> Path:
    """Write a recording of a random length, short ones more often, from random pieces of the sound."""
    length_sec = SHORTEST_SEC * (longest_sec / SHORTEST_SEC) ** (chance.random() ** 1.5)
    pieces, missing = [], int(length_sec * SAMPLE_RATE) * BYTES_PER_SAMPLE
    while missing > 0:
        size = int(min(chance.uniform(*PIECE_SEC) * BYTES_PER_SEC, missing, len(sound))) // 2 * 2
        start = chance.randrange(0, len(sound) - size + 1) // 2 * 2
        pieces.append(sound[start : start + size])
        missing -= max(size, BYTES_PER_SAMPLE)
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(BYTES_PER_SAMPLE)
        target.setframerate(SAMPLE_RATE)
        target.writeframes(b"".join(pieces))
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--out", type=Path, help="the traces' file (recorded/ENGINE.json)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--longest", type=float, default=LONGEST_SEC, help="seconds of the longest recording")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--one", type=Path, help="run this recording alone and print its trace")
    return parser.parse_args()


if __name__ == "__main__":
    main()
