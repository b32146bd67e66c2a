"""How fast an attempt goes lately: a worker that slows down midway shows it here before its mean does. Pure."""

import math
from dataclasses import dataclass

WINDOW = 0.08  # of the recording: what lies further back counts less and less (an exponential average over audio)
LEAST_REPORTS = 2.0  # in the window, however short the recording
TOLD_APART = 0.14  # of a log ratio: a smaller change of the pace is taken for chance
REPORT_NOISE = 0.005  # variance of the log of the pace of a single report: few reports tell little of a change


@dataclass(frozen=True)
class Lately:
    """Seconds of processing a second of audio, and how many reports it rests on."""

    pace: float
    reports: float


class Pace:
    """Takes the reports of an attempt in, one after the other."""

    def __init__(self, at_sec: float, done_sec: float, total_sec: float) -> None:
        """Its audio was prepared at `at_sec` on some clock; `done_sec` of `total_sec` were done before."""
        self._at_sec = at_sec
        self._done_sec = self._resumed_sec = done_sec
        self._total_sec = total_sec
        self._reports = 0
        self._took_sec = self._audio_sec = 0.0  # both fade alike
        self._window = LEAST_REPORTS

    def report(self, at_sec: float, done_sec: float) -> None:
        """So much audio is done; a report that says no more than the one before is none."""
        audio_sec = done_sec - self._done_sec
        if audio_sec <= 0:
            return
        self._reports += 1
        usual_sec = (done_sec - self._resumed_sec) / self._reports
        self._window = max(WINDOW * self._total_sec / usual_sec, LEAST_REPORTS)
        fade = math.exp(-audio_sec / (self._window * usual_sec))
        self._took_sec = fade * self._took_sec + max(at_sec - self._at_sec, 1e-3)
        self._audio_sec = fade * self._audio_sec + audio_sec
        self._at_sec, self._done_sec = at_sec, done_sec

    @property
    def lately(self) -> Lately | None:
        """None before the first report."""
        if not self._reports:
            return None
        return Lately(self._took_sec / self._audio_sec, min(float(self._reports), self._window))


def present(mean: float, lately: Lately | None) -> float:
    """The pace that the rest is likely to have: the mean of all that was done, moved towards that of lately the more,
    the further apart they are, as shares of the squares of what was seen and of what chance explains."""
    if lately is None:
        return mean
    apart = math.log(lately.pace / mean)
    chance = TOLD_APART**2 + REPORT_NOISE / lately.reports
    return mean * math.exp(apart * apart**4 / (apart**4 + chance**2))
