"""Sounds in which nobody speaks, all of them made: noises, hums, tones, music, weather, machines, rooms and buzzes that
sound like vowels."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jobs.media.pcm import SAMPLE_RATE

Wave = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Time:
    """A stretch of time, and the chance with which it is filled."""

    at_sec: Wave
    chance: np.random.Generator

    @property
    def count(self) -> int:
        return len(self.at_sec)

    def white(self) -> Wave:
        return self.chance.standard_normal(self.count)

    def coloured(self, power: float) -> Wave:
        """Noise whose amplitude falls with this power of the frequency, full scale."""
        spectrum = np.fft.rfft(self.white())
        steps = np.arange(len(spectrum))
        steps[0] = 1
        return _full(np.fft.irfft(spectrum / steps**power, self.count))

    def tone(self, hertz: float) -> Wave:
        return np.sin(2 * np.pi * hertz * self.at_sec)


Maker = Callable[[_Time], Wave]


def sounds(seed: int, sec: float = 60.0) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Every kind once, by name."""
    for number, (name, make) in enumerate(MAKERS.items()):
        time = _Time(np.arange(round(sec * SAMPLE_RATE)) / SAMPLE_RATE, np.random.default_rng((seed, number)))
        yield name, np.clip(make(time), -1, 1).astype(np.float32)


def background(name: str, seed: int, sec: float) -> npt.NDArray[np.float32]:
    """One of them alone, with a deviation of 1."""
    time = _Time(np.arange(round(sec * SAMPLE_RATE)) / SAMPLE_RATE, np.random.default_rng(seed))
    made = MAKERS[name](time)
    return (made / max(float(made.std()), 1e-9)).astype(np.float32)


def resonances(wave: Wave, formants: tuple[tuple[float, float], ...]) -> Wave:
    """What a mouth makes of a sound: resonances at these frequencies, with these widths; full scale."""
    hertz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    gain = sum(1 / (1 + ((hertz - centre) / (width / 2)) ** 2) for centre, width in formants)
    return _full(np.fft.irfft(np.fft.rfft(wave) * gain, len(wave)))


def _full(wave: Wave) -> Wave:
    return wave / max(float(np.abs(wave).max(initial=0.0)), 1e-9)


def _hum(hertz: float, overtones: range) -> Maker:
    return lambda time: 0.3 * sum((time.tone(hertz * n) / n for n in overtones), np.zeros(time.count))


def _melody(vibrato: float, overtones: int) -> Maker:
    """Notes with overtones, each a little while; `vibrato` is its depth in 3 % of the pitch."""

    def make(time: _Time) -> Wave:
        made, at = np.zeros(time.count), 0
        while at < time.count:
            note = min(round(time.chance.uniform(0.2, 0.9) * SAMPLE_RATE), time.count - at)
            hertz = 220 * 2 ** (time.chance.integers(0, 25) / 12)
            since = np.arange(note) / SAMPLE_RATE
            phase = 2 * np.pi * hertz * since + vibrato * 0.03 * hertz / 5.5 * np.sin(2 * np.pi * 5.5 * since)
            swell = np.minimum(since / 0.03, (note / SAMPLE_RATE - since) / 0.08).clip(0, 1)
            made[at : at + note] = swell * sum(np.sin(n * phase) / n**1.2 for n in range(1, overtones + 1))
            at += note + round(time.chance.uniform(0, 0.2) * SAMPLE_RATE)
        return 0.5 * _full(made)

    return make


def _dialled(time: _Time) -> Wave:
    return 0.3 * (time.at_sec % 1 < 0.2) * (time.tone(770) + time.tone(1336))


def _siren(time: _Time) -> Wave:
    hertz = 700 + 300 * np.sin(2 * np.pi * 0.3 * time.at_sec)
    return 0.3 * np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)


def _bells(time: _Time) -> Wave:
    made = np.zeros(time.count)
    for late_sec, hertz in ((0.0, 880.0), (0.7, 1320.0), (1.4, 660.0)):
        since = time.at_sec % 3 - late_sec
        made += np.where(since > 0, np.exp(-3 * since.clip(0)), 0) * time.tone(hertz)
    return 0.4 * made


def _wind(time: _Time) -> Wave:
    gusts = 0.3 + 0.3 * time.tone(0.2) + 0.2 * np.sin(2 * np.pi * 0.07 * time.at_sec + 1)
    return time.coloured(0.7) * gusts


def _traffic(time: _Time) -> Wave:
    motor = np.sin(2 * np.pi * np.cumsum(60 + 10 * time.tone(0.1)) / SAMPLE_RATE)
    return 0.4 * time.coloured(0.8) + 0.2 * motor * (0.5 + 0.5 * time.tone(0.05))


def _breath(time: _Time) -> Wave:
    return 0.15 * resonances(time.white() * time.tone(0.25).clip(0, 1) ** 2, ((600, 300), (1500, 500)))


def _clicks(time: _Time) -> Wave:
    made = np.zeros(time.count)
    made[time.chance.integers(0, time.count, max(1, time.count // 4800))] = 1
    return 0.8 * np.convolve(made, np.hanning(20), "same")


def _keyboard(time: _Time) -> Wave:
    made, key = np.zeros(time.count), 800
    for at in time.chance.integers(0, time.count - key, max(1, time.count // 6400)):
        made[at : at + key] += time.chance.standard_normal(key) * np.exp(-np.arange(key) / 120)
    return 0.2 * made


def _knocks(time: _Time) -> Wave:
    since = time.at_sec % 1.7
    return 0.6 * np.exp(-40 * since) * np.sin(2 * np.pi * 140 * since)


def _buzz(time: _Time) -> Wave:
    """The pulses of a voice that goes up and down."""
    phase = np.cumsum(120 + 20 * time.tone(0.5)) / SAMPLE_RATE
    return (np.diff(np.floor(phase), prepend=0) > 0).astype(np.float64)


def _vowel(formants: tuple[tuple[float, float], ...], every_sec: float, for_sec: float) -> Maker:
    return lambda time: 0.4 * resonances(_buzz(time), formants) * (time.at_sec % every_sec < for_sec)


def _vowels_that_glide(time: _Time) -> Wave:
    share, buzz = (time.tone(0.4) + 1) / 2, _buzz(time)
    first, second = resonances(buzz, ((730, 90), (1090, 110))), resonances(buzz, ((300, 60), (870, 100)))
    return 0.4 * (first * share + second * (1 - share))


def _room(time: _Time) -> Wave:
    """A ventilator, mains hum and a keyboard far away."""
    hum = sum((time.tone(50.0 * n) / n for n in (1, 2, 3)), np.zeros(time.count))
    return 0.05 * time.coloured(0.6) + 0.05 * _keyboard(time) + 0.02 * hum


def _loud_room(time: _Time) -> Wave:
    """The same with steps, breath and somebody who types."""
    return 2 * _room(time) + 0.2 * _knocks(time) + 0.3 * _breath(time) + 0.5 * _keyboard(time)


MAKERS: dict[str, Maker] = {
    "zeros": lambda time: np.zeros(time.count),
    "white": lambda time: 0.1 * time.white(),
    "white, quiet": lambda time: 0.003 * time.white(),
    "white, loud": lambda time: 0.4 * time.white(),
    "pink": lambda time: 0.3 * time.coloured(0.5),
    "brown": lambda time: 0.5 * time.coloured(1.0),
    "hum of 50 Hz": _hum(50, range(1, 8)),
    "hum of 60 Hz": _hum(60, range(1, 6, 2)),
    "tone": lambda time: 0.3 * time.tone(1000),
    "dialled numbers": _dialled,
    "siren": _siren,
    "melody": _melody(0, 4),
    "melody with vibrato": _melody(1, 6),
    "melody with much vibrato": _melody(2, 12),
    "bells": _bells,
    "wind": _wind,
    "traffic": _traffic,
    "breath": _breath,
    "clicks": _clicks,
    "keyboard": _keyboard,
    "knocks": _knocks,
    "buzz like a": _vowel(((730, 90), (1090, 110), (2440, 170)), 1.3, 0.8),
    "buzz like i": _vowel(((270, 60), (2290, 100), (3010, 120)), 2.0, 1.2),
    "buzz that glides": _vowels_that_glide,
    "room": _room,
    "loud room": _loud_room,
}
