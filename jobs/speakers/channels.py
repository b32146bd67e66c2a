"""Who says each word of a recording with one speaker a channel: the channel that is louder while it is said.

Each channel is held against its own loudest speech, so that a distant microphone or a line that hums does not count
against who speaks into it, and crosstalk counts little.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from jobs.engines.protocol import Segment
from jobs.media.channel_levels import Levels
from jobs.media.speaker_channels import FRAME_SEC
from jobs.speakers.relabel import spoken
from jobs.speakers.turns import change_costs, most_likely

OWN_DB = 6.0  # louder by so much, a channel is heard alone
OWN_FRAMES = 20  # alone for half a second, a channel's own loudness is known
MAX_UNEVEN_DB = 20.0  # between the loudness of two channels
SPEECH_DB = 25.0  # below its channel's loudest, speech is heard at most so much quieter
TYPICAL_DB = 10.0  # the difference that counts as typical evidence for a word
MAX_DIFFERENCE_DB = 20.0


def by_channel(segments: Sequence[Segment], levels: Levels) -> tuple[int, ...]:
    """The speaker of each word of `spoken(segments)`: 1 for the first channel, 2 for the second.

    `levels` are those of `channel_levels.read_levels`. Words that neither channel holds follow their neighbours.
    """
    words = spoken(segments)
    if not words or not levels.shape[1]:
        return (1,) * len(words)
    ranges = [_frames(word.start_sec, word.end_sec, levels.shape[1]) for word in words]
    heard = np.zeros(levels.shape[1], dtype=bool)
    for one in ranges:
        heard[one] = True
    loudest = _loudest(levels[:, heard])
    above = levels - loudest[:, None]
    difference = np.clip(above[0] - above[1], -MAX_DIFFERENCE_DB, MAX_DIFFERENCE_DB) / TYPICAL_DB
    difference[above.max(axis=0) < -SPEECH_DB] = 0
    evidence = np.array([float(difference[one].mean()) for one in ranges])
    labels = most_likely(evidence, change_costs(segments, words) / 2)
    return tuple(int(label) + 1 for label in labels)


def _frames(start_sec: float, end_sec: float, count: int) -> slice:
    """At least one frame, inside the recording."""
    first = min(max(0, int(start_sec / FRAME_SEC)), count - 1)
    return slice(first, max(first + 1, min(count, round(end_sec / FRAME_SEC))))


def _loudest(levels: Levels) -> npt.NDArray[np.float32]:
    """The level of loud speech in each channel; the same for both where one is never heard alone."""
    alone = [levels[own, levels[own] - levels[1 - own] > OWN_DB] for own in (0, 1)]
    if min(len(one) for one in alone) < OWN_FRAMES:
        return np.full(2, np.percentile(levels.max(axis=0), 90), dtype=np.float32)
    loud = np.array([np.percentile(one, 90) for one in alone], dtype=np.float32)
    even: npt.NDArray[np.float32] = np.maximum(loud, loud.max() - MAX_UNEVEN_DB)
    return even
