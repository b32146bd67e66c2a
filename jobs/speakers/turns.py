"""Which of two speakers says each word, from the voices around it.

Cosine k-means finds the two voices. A word's evidence is the mean of the windows around it, weighted by their distance;
the most likely sequence of speakers is then found (Viterbi), where a change costs less between sentences and at pauses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from jobs.engines.protocol import Segment, Voices, Word
from jobs.speakers.relabel import spoken

RESTARTS = 8
ROUNDS = 40
SAMPLED = 2_000  # windows that k-means begins with; then all of them
NEIGHBOURS = 5  # windows around a word
REACH_SEC = 0.35  # of a window's weight (the deviation of a normal distribution)
CHANGE = 2.0  # what a change of speaker costs inside a sentence, in typical evidence of a word
CHANGE_BETWEEN_SENTENCES = 0.5  # the share of it between two sentences, and the same at a pause
PAUSE_SEC = 0.25
LEAST_WINDOWS = 8
LEAST_OF_ONE = 4  # windows of the voice that is heard less
LEAST_SHARE = 0.03  # of the words, for the one who says less
TWO_VOICES = 0.855  # likeness, at most, for two voices,
ONE_VOICE = 0.875  # and at least, for one
FEW = 3.0  # few windows are split more easily by chance: both limits are lower by this over their number
APART_SEC = (1.39, 2.1)  # two windows so far apart share no sound, but most often a speaker

Outcome = Literal["voices", "one", "unsure"]
Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Turns:
    """How the voices were told apart: the speaker (1 or 2) of each word, none unless the outcome is `voices`."""

    outcome: Outcome
    labels: tuple[int, ...] = ()


def tell_apart(voices: Iterable[Voices], segments: Sequence[Segment]) -> Turns:
    """The speaker of each word of `spoken(segments)`, which are in order of time; 1 is who speaks first."""
    at_sec, vectors = _joined(voices)
    words = spoken(segments)
    if not words:
        return Turns("one")
    if len(at_sec) < LEAST_WINDOWS:
        return Turns("unsure")
    centres = two_centres(vectors)
    difference = vectors @ (centres[0] - centres[1])
    alike = likeness(at_sec, vectors, centres) + FEW / len(at_sec)
    if alike >= ONE_VOICE:
        return Turns("one")
    fewer = min(int((difference > 0).sum()), int((difference <= 0).sum()))
    if alike > TWO_VOICES or fewer < LEAST_OF_ONE:
        return Turns("unsure")
    second = most_likely(_of_words(words, at_sec, difference.astype(np.float64)), change_costs(segments, words))
    if min(second.mean(), 1 - second.mean()) < LEAST_SHARE:
        return Turns("one")
    return Turns("voices", tuple(int(label) for label in np.where(second == second[0], 1, 2)))


def likeness(at_sec: Reals, vectors: Floats, centres: Floats) -> float:
    """How much the two clusters are like parts of one voice: about 0.5 to 0.75 for two voices, 0.8 to 1.1 for one.

    It is the cosine of the centres, less what shows that the clusters are turns: windows of the same turn are more like
    each other than any two windows are, and are in the same cluster more often than by chance. A voice that is split in
    two by its sounds or its pitch shows neither.
    """
    split = float(centres[0] @ centres[1])
    after = np.arange(len(at_sec) - 3) + 3  # three hops of half a second
    apart = at_sec[after] - at_sec[after - 3]
    after = after[(apart >= APART_SEC[0]) & (apart <= APART_SEC[1])]
    if len(after) < LEAST_WINDOWS:
        return split
    total, count = vectors.sum(axis=0), len(vectors)
    usual = (float(total @ total) - count) / (count * (count - 1))
    near = float((vectors[after] * vectors[after - 3]).sum(axis=1).mean())
    second = vectors @ (centres[1] - centres[0]) > 0
    share = float(second.mean())
    chance = share**2 + (1 - share) ** 2
    together = float((second[after] == second[after - 3]).mean())
    return split - (near - usual) / max(1 - usual, 1e-9) - 0.1 * (together - chance) / max(1 - chance, 1e-9)


def two_centres(vectors: Floats, seed: int = 0) -> Floats:
    """The centres (rows of length 1) of the two clusters whose members are nearest to them: cosine k-means."""
    chance = np.random.default_rng(seed)
    few = vectors[:: -(-len(vectors) // SAMPLED)]
    far = few[int(np.argmin(few @ few.mean(axis=0)))]
    begun = [np.stack([far, few[int(np.argmin(few @ far))]])]
    begun += [few[chance.choice(len(few), 2, replace=False)] for _ in range(RESTARTS)]
    best = max((_settle(few, centres) for centres in begun), key=lambda one: one[0])
    return _settle(vectors, best[1])[1]


def _settle(vectors: Floats, centres: Floats) -> tuple[float, Floats]:
    """How near the vectors are to the centres at the end, and the centres."""
    for _ in range(ROUNDS):
        second = vectors @ (centres[1] - centres[0]) > 0
        sums = np.stack([vectors[~second].sum(axis=0), vectors[second].sum(axis=0)])
        norms = np.sqrt((sums**2).sum(axis=1, keepdims=True))
        if not norms.all():
            break
        before, centres = centres, sums / norms
        if np.allclose(before, centres, atol=1e-6):
            break
    return float((vectors @ centres.T).max(axis=1).mean()), centres


def _joined(voices: Iterable[Voices]) -> tuple[Reals, Floats]:
    """All windows in order of time."""
    each = [one for one in voices if len(one.at_sec)]
    if not each:
        return np.empty(0), np.empty((0, 0), dtype=np.float32)
    at_sec = np.concatenate([one.at_sec for one in each])
    order = np.argsort(at_sec, kind="stable")
    return at_sec[order], np.concatenate([one.vectors for one in each])[order]


def _of_words(words: Sequence[Word], at_sec: Reals, evidence: Reals) -> Reals:
    """The evidence around each word: above 0 for the first centre, 1 is typical."""
    middles = np.array([(word.start_sec + word.end_sec) / 2 for word in words])
    nearest = np.searchsorted(at_sec, middles)[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS)
    inside = (nearest >= 0) & (nearest < len(at_sec))
    nearest = np.clip(nearest, 0, len(at_sec) - 1)
    distance = np.abs(at_sec[nearest] - middles[:, None])
    distance = np.where(inside, distance, np.inf)
    closest = distance.min(axis=1, keepdims=True)  # weighed from there, so that a word far from all windows has some
    weight = np.exp(-(distance**2 - closest**2) / (2 * REACH_SEC**2))
    found: Reals = (weight * evidence[nearest]).sum(axis=1) / weight.sum(axis=1)
    return found / max(float(np.median(np.abs(evidence))), 1e-9)


def change_costs(segments: Sequence[Segment], words: Sequence[Word]) -> Reals:
    """What a change of speaker before each word costs."""
    cost = np.full(len(words), CHANGE)
    starts = np.array([word.start_sec for word in words])
    ends = np.array([word.end_sec for word in words])
    cost[1:][starts[1:] - ends[:-1] > PAUSE_SEC] *= CHANGE_BETWEEN_SENTENCES
    firsts = np.cumsum([0] + [max(1, len(segment.words)) for segment in segments])[:-1]
    cost[firsts] *= CHANGE_BETWEEN_SENTENCES
    return cost


def most_likely(evidence: Reals, changes: Reals) -> npt.NDArray[np.int64]:
    """For each word 0 or 1, the second centre: the sequence with the most evidence less what its changes cost."""
    first, second = float(evidence[0]), -float(evidence[0])
    came = np.zeros((len(evidence), 2), dtype=np.int64)
    for at in range(1, len(evidence)):
        cost, gain = float(changes[at]), float(evidence[at])
        came[at] = int(second - cost > first), int(second >= first - cost)
        first, second = max(first, second - cost) + gain, max(second, first - cost) - gain
    path = np.empty(len(evidence), dtype=np.int64)
    path[-1] = int(second > first)
    for at in range(len(evidence) - 1, 0, -1):
        path[at - 1] = came[at, path[at]]
    return path
