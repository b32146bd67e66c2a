"""Makes the sample recording again: a short coaching dialogue, spoken by two voices of flite (`apt-get install flite`).

Writes sample/coaching-dialogue.flac (16 kHz mono) and sample/coaching-dialogue.txt (the words, by speaker).
Usage: python tools/make_sample.py
"""

import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import av
import numpy as np

SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "coaching-dialogue.flac"
SAMPLE_RATE = 16_000
PAUSE_SEC = 0.7
LOUDEST = 0.7  # of full scale, both voices alike
VOICES = {"Coach": "rms", "Client": "awb"}

# words that the default engine's model knows well, so that the first transcript anyone sees is a good one
DIALOGUE = [
    ("Coach", "Good morning. What would you like to talk about today?"),
    ("Client", "I have a new job, and I am not sure how to lead my team."),
    ("Coach", "What is the most difficult part of the job for you?"),
    ("Client", "I find it hard to say no. Every week I do more and more work on my own."),
    ("Coach", "What would happen if you asked the people in your team for help?"),
    ("Client", "They would have more to do, but they would also be happy to help."),
    ("Coach", "So what is the first step that you could take this week?"),
    ("Client", "On Monday I will talk to some people and give them a part of the project."),
    ("Coach", "That sounds like a good plan. So what will change when it works?"),
    ("Client", "I will have more time for my family, and I will sleep well."),
    ("Coach", "Very good. We will talk about it again next week."),
]


def why_not_flite() -> str:
    """Why the flite on the PATH will not do; empty when it will."""
    if shutil.which("flite") is None:
        return "it is not on the PATH."
    try:
        listed = subprocess.run(["flite", "-lv"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the one on the PATH cannot be run: {error}."
    missing = set(VOICES.values()) - set(listed.split())
    return f"the one on the PATH has no voice {' and '.join(sorted(missing))}." if missing else ""


def spoken(voice: str, text: str) -> np.ndarray:
    """What flite's `voice` says, as samples from -1 to 1 at 16 kHz, no louder than `LOUDEST`."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "turn.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(target)], check=True)
        with wave.open(str(target)) as sound:
            if sound.getframerate() != SAMPLE_RATE or sound.getnchannels() != 1:
                raise SystemExit(f"flite's voice {voice} is not 16 kHz mono here")
            samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2") / 32768
    level: np.ndarray = samples * (LOUDEST / np.abs(samples).max())
    return level


def write_flac(samples: np.ndarray, target: Path) -> None:
    """The samples (-1 to 1) as 16-bit FLAC."""
    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype("<i2").reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    if wrong := why_not_flite():
        sys.exit(f"The sample needs flite and its voices: {wrong} On Debian: apt-get install flite")
    pause = np.zeros(int(PAUSE_SEC * SAMPLE_RATE))
    turns = [part for speaker, text in DIALOGUE for part in (spoken(VOICES[speaker], text), pause)]
    samples = np.concatenate([pause, *turns])
    SAMPLE.parent.mkdir(exist_ok=True)
    write_flac(samples, SAMPLE)
    SAMPLE.with_suffix(".txt").write_text("".join(f"{speaker}: {text}\n" for speaker, text in DIALOGUE))
    print(f"{SAMPLE}: {len(samples) / SAMPLE_RATE:.1f} s, {SAMPLE.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
