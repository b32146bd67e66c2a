"""An hour of speech through the desk, from accepted to completed: Whisper with speakers, and PocketSphinx.

The speech is that of the real readers, joined with short pauses; without them it is the sample, and nothing is compared
with a goal. One run each, PocketSphinx right after Whisper: to take turns would take hours.
"""

import random
from collections.abc import Iterator

from bench.figures import Figure, at_most
from bench.hearing import readings
from bench.hearing.sizes import share
from bench.processes.place import place
from bench.processes.uploading import upload
from jobs.media.pcm import SAMPLE_RATE

HOUR_SEC = 3600.0
WITHIN_SEC = 3 * 3600.0


def measure() -> Iterator[Figure]:
    made = readings.minutes(HOUR_SEC * share(), random.Random(12)).samples[: round(HOUR_SEC * share() * SAMPLE_RATE)]
    minutes = len(made) / SAMPLE_RATE / 60
    with place() as here:
        recording = readings.write(here.folder / "hour.wav", made)
        took = {}
        for engine, speakers in (("whisper", "two"), ("pocketsphinx", "one")):
            with here.desk() as port:
                session_id = upload(port, recording, engine=engine, speakers=speakers)
                took[engine] = here.completed([session_id], WITHIN_SEC)[0].took_sec
    whisper, pocketsphinx = took["whisper"], took["pocketsphinx"]
    real = readings.are_real()
    name = f"minutes for {minutes:.0f} min of {'real' if real else 'synthetic'} speech with Whisper, speakers included"
    yield at_most(name, whisper / 60, 10) if real else Figure(name, whisper / 60)
    name = "that time to the time with PocketSphinx, one run each"
    yield at_most(name, whisper / pocketsphinx, 0.6) if real else Figure(name, whisper / pocketsphinx)
    yield Figure("minutes with PocketSphinx", pocketsphinx / 60)
