"""Whether a two-channel recording has one speaker a channel, as recorders of calls and pairs of microphones write it.

Told from how loud both channels are in frames of 25 ms: where people are recorded apart, one channel is much louder at
nearly any time, now this one, now that one. In ordinary stereo both hear everybody, dual mono is the same twice, and a
silent channel is never the louder one.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

LISTEN_SEC = 90.0  # from the beginning; later parts are not needed
BLOCK_SEC = 5.0  # of sound is measured at a time
FRAME_SEC = 0.025
THINNED_RATE = 8_000  # about so many samples a second are looked at: loudness needs no more
SILENCE_DB = -60.0  # below full scale: nothing in a recording is told from what is quieter
RANGE_DB = 30.0  # speech is at most this much quieter than the loudest of it
LOUDER_DB = 10.0
LEAST_SPEECH_SEC = 2.0
LEAST_SHARE = 0.05  # of the speech, for the one who says less
APART_SHARE = 0.7  # of the speech has to be in one channel alone; people do interrupt each other
MOST_CORRELATED = 0.3

Levels = npt.NDArray[np.float64]
Sound = npt.NDArray[np.float32]


class ChannelLevels:
    """How loud the two channels are, frame by frame, from what is `add`ed."""

    def __init__(self) -> None:
        self.heard_sec = 0.0
        self._levels: list[Levels] = []
        self._sounds: list[Sound] = []  # of the same sample rate, not measured yet
        self._sample_rate = 0
        self._measured_sec = 0.0

    @property
    def enough(self) -> bool:
        return self.heard_sec >= LISTEN_SEC

    def add(self, frames: Iterable[AudioFrame]) -> None:
        """Frames that do not have two channels are left out."""
        for frame in frames:
            if self.enough:
                return
            if frame.sample_rate != self._sample_rate or self.heard_sec - self._measured_sec >= BLOCK_SEC:
                self._measure()
                self._sample_rate = frame.sample_rate
            self.heard_sec += frame.samples / frame.sample_rate
            if len(frame.layout.channels) == 2:
                self._sounds.append(samples_of(frame, max(1, frame.sample_rate // THINNED_RATE)))

    def apart(self) -> bool:
        """Whether what was heard has one speaker a channel."""
        self._measure()
        with np.errstate(all="ignore"):  # a file may hold samples that are no numbers
            return bool(self._levels) and apart(np.concatenate(self._levels, axis=1))

    def _measure(self) -> None:
        if self._sounds:
            sound = np.concatenate(self._sounds, axis=1)
            size = max(1, round(FRAME_SEC * self._sample_rate / max(1, self._sample_rate // THINNED_RATE)))
            whole = sound[:, : sound.shape[1] // size * size]
            with np.errstate(all="ignore"):
                power = (whole.reshape(2, -1, size) ** 2).mean(axis=2, dtype=np.float64)
                self._levels.append(10 * np.log10(power + 1e-12))
        self._sounds, self._measured_sec = [], self.heard_sec


def apart(levels: Levels) -> bool:
    """Whether two rows of levels (dB below full scale, one each `FRAME_SEC`) are those of one speaker a channel."""
    if levels.shape[1] * FRAME_SEC < LEAST_SPEECH_SEC:
        return False
    louder = levels.max(axis=0)
    # neither np.percentile nor np.corrcoef: they import parts of numpy late, when no file may be opened any more
    loudest = float(np.sort(louder)[int(0.95 * (len(louder) - 1))])
    threshold = max(SILENCE_DB, loudest - RANGE_DB)
    # so that the quietest speech, too, can be so much louder than a silent channel
    speech = np.maximum(levels[:, louder > threshold], max(SILENCE_DB, threshold - LOUDER_DB))
    frames = speech.shape[1]
    if frames * FRAME_SEC < LEAST_SPEECH_SEC:
        return False
    first, second = (
        int((difference > LOUDER_DB).sum()) for difference in (speech[0] - speech[1], speech[1] - speech[0])
    )
    if min(first, second) < LEAST_SHARE * frames or first + second < APART_SHARE * frames:
        return False
    around = speech - speech.mean(axis=1, keepdims=True)
    spread = float(np.sqrt((around[0] ** 2).sum() * (around[1] ** 2).sum()))  # never 0: each is louder at times
    return float((around[0] * around[1]).sum()) < MOST_CORRELATED * spread


def samples_of(frame: AudioFrame, step: int) -> Sound:
    """One row a channel, every `step`th sample, full scale is 1."""
    sound = frame.to_ndarray()
    if not frame.format.is_planar:
        sound = sound.reshape(-1, 2).T
    sound = sound[:, ::step]
    if sound.dtype.kind == "f":
        return sound.astype(np.float32)
    middle = 128 if sound.dtype.kind == "u" else 0
    return (sound.astype(np.float32) - middle) / float(2 ** (8 * sound.dtype.itemsize - 1))
