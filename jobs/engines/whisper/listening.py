"""The words of one chunk: decoded where somebody speaks, decoded once more where words are missing, and cleared of what
Whisper invents.

Whisper is made to find words, and finds some in noise, in the end of a pause and in the tail of a sentence. So nothing
is decoded without speech, and no word is kept that does not touch speech.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from faster_whisper.transcribe import Segment as Decoded

from jobs.engines.protocol import Word
from jobs.engines.whisper.model import Model
from jobs.engines.whisper.speech import Samples, Span, speech_in, total_sec
from jobs.media.pcm import SAMPLE_RATE

PAD_SEC = 0.3  # of sound around the speech that is decoded
TOUCH_SEC = 0.4  # words further away from speech are inventions
CRUMB_SEC = 1.0  # of speech right after the last word: decoded alone, such a rest becomes "Thank you."
CLOSE_SEC = 0.4  # speech that begins so soon after a word goes on from it
MAX_WINDOWS = 12  # of one chunk; each begins later than the one before
MISSED_SEC = 2.0  # of speech without a word: it is decoded once more
SHORT_ANSWER_SEC = 0.12  # and so is a span of its own from here on, with no word near it
MAX_WORDS_A_SEC = 25.0
MAX_WORDS_A_SEC_MISSED = 8.0
LITTLE_SPEECH_SEC = 1.0  # in a chunk with less, what sounds of no speech or goes round in circles is dropped
NO_SPEECH, NO_SPEECH_ALONE = 0.5, 0.6
REPETITIVE = 2.4
IMPROBABLE = -1.0
LATE_SEC = 0.1  # a first word that begins earlier than its speech was stretched over the pause before it
MAX_PHRASE_WORDS = 8  # a phrase of at most so many words that comes
REPEATS = 3  # so often in a row is looked at, and kept once when it was not said:
MAX_WORDS_A_SEC_REPEATED = 6.0  # faster than people speak,
DOUBTFUL = 0.3  # hardly probable,
LONG_PHRASE_WORDS = 3  # or, without pauses between, longer than what people say three times


@dataclass(frozen=True)
class Listened:
    """The words of a stretch of sound and where its speech is, in seconds from its first sample."""

    words: list[Word]
    speech: list[Span]


def listen(model: Model, samples: Samples, language: str) -> Listened:
    """The words of a chunk (at most 30 s), in order; confidence is the probability that the model gives each."""
    speech = speech_in(samples)
    if not speech:
        return Listened([], [])
    words = [*_spoken(model, samples, language, speech)]
    words += _missed(model, samples, language, speech, words)
    words.sort(key=lambda word: (word.start_sec, word.end_sec))
    return Listened(_once(_in_order(words, speech), speech), speech)


def _spoken(model: Model, samples: Samples, language: str, speech: Sequence[Span]) -> Iterator[Word]:
    """Window after window, each from where the words of the last one end to where the speech ends."""
    little = total_sec(speech) < LITTLE_SPEECH_SEC
    at_sec = max(speech[0].start_sec - PAD_SEC, 0.0)
    for _ in range(MAX_WINDOWS):
        end_sec = min(speech[-1].end_sec + PAD_SEC, len(samples) / SAMPLE_RATE)
        parts = _window(model, samples, language, at_sec, end_sec)
        kept = [word for part in parts if _believed(part, speech, little=little) for word in part.near(speech)]
        yield from kept
        if not kept:
            return
        last_sec = kept[-1].end_sec
        rest = _rest(speech, last_sec)
        if not rest:
            return
        following_sec = max(rest[0].start_sec - PAD_SEC, last_sec)
        if following_sec <= at_sec:
            return
        at_sec = following_sec


def _rest(speech: Sequence[Span], last_sec: float) -> list[Span]:
    """The speech after the last word that is still to be decoded: no crumb that belongs to that word."""
    rest = [Span(max(span.start_sec, last_sec), span.end_sec) for span in speech if span.end_sec > last_sec + 0.05]
    close = bool(rest) and rest[0].start_sec - last_sec < CLOSE_SEC
    return rest[1:] if close and total_sec(rest) < CRUMB_SEC else rest


def _missed(
    model: Model, samples: Samples, language: str, speech: Sequence[Span], words: Sequence[Word]
) -> Iterator[Word]:
    """What is said where speech has no words yet: without this one sentence in a few hundred would be lost."""
    for gap, alone in _gaps(speech, words):
        begin_sec, end_sec = max(gap.start_sec - PAD_SEC, 0.0), min(gap.end_sec + PAD_SEC, len(samples) / SAMPLE_RATE)
        for part in _window(model, samples, language, begin_sec, end_sec):
            too_fast = len(part.words) > 3 and len(part.words) > MAX_WORDS_A_SEC_MISSED * (end_sec - begin_sec)
            doubtful = part.no_speech > NO_SPEECH_ALONE or part.probable < IMPROBABLE or part.repetitive > REPETITIVE
            if too_fast or (alone and doubtful):
                continue
            for word in part.words:
                if gap.gap_sec((middle := (word.start_sec + word.end_sec) / 2), middle) <= 0.2:
                    yield word


def _gaps(speech: Sequence[Span], words: Sequence[Word]) -> Iterator[tuple[Span, bool]]:
    """Speech without words, and whether it is a span of its own."""
    for span in speech:
        if not any(span.gap_sec(word.start_sec, word.end_sec) <= 0.2 for word in words):
            if span.length_sec >= SHORT_ANSWER_SEC:
                yield span, True
            continue
        at_sec = span.start_sec
        inside = sorted(
            (max(word.start_sec, span.start_sec), min(word.end_sec, span.end_sec))
            for word in words
            if word.end_sec > span.start_sec and word.start_sec < span.end_sec
        )
        for start_sec, end_sec in [*inside, (span.end_sec, span.end_sec)]:
            if start_sec - at_sec >= MISSED_SEC:
                yield Span(at_sec, start_sec), False
            at_sec = max(at_sec, end_sec)


@dataclass(frozen=True)
class _Part:
    """A part of a window as it was decoded, its words in seconds of the chunk."""

    words: list[Word]
    no_speech: float
    probable: float  # mean log probability of its tokens
    repetitive: float

    def near(self, speech: Sequence[Span]) -> list[Word]:
        """The words that touch speech."""
        return [
            word
            for word in self.words
            if any(span.gap_sec(word.start_sec, word.end_sec) <= TOUCH_SEC for span in speech)
        ]


def _believed(part: _Part, speech: Sequence[Span], *, little: bool) -> bool:
    length_sec = max(part.words[-1].end_sec - part.words[0].start_sec, 1e-3)
    if len(part.words) > 3 and len(part.words) > MAX_WORDS_A_SEC * length_sec:
        return False
    if 2 * len(part.near(speech)) < len(part.words):
        return False
    return not (little and (part.no_speech > NO_SPEECH or part.repetitive > REPETITIVE))


def _window(model: Model, samples: Samples, language: str, begin_sec: float, end_sec: float) -> list[_Part]:
    """The parts of a stretch that hold words."""
    sound = samples[round(begin_sec * SAMPLE_RATE) : round(end_sec * SAMPLE_RATE)]
    decoded = model.window(sound, language) if len(sound) else []
    return [
        _Part(words, part.no_speech_prob, part.avg_logprob, part.compression_ratio)
        for part in decoded
        if (words := _words(part, begin_sec, end_sec))
    ]


def _words(part: Decoded, begin_sec: float, end_sec: float) -> list[Word]:
    """The words of a decoded part; what has no space before it goes on with the word before."""
    found: list[Word] = []
    for word in part.words or ():
        start = begin_sec + float(word.start)
        end = max(min(begin_sec + float(word.end), end_sec), start)
        text, probability = word.word.strip(), float(word.probability)
        if not text:
            continue
        if found and not word.word[0].isspace() and _joins(found[-1].text[-1], text[0]):
            before = found[-1]
            found[-1] = replace(
                before,
                text=before.text + text,
                end_sec=max(end, before.end_sec),
                confidence=min(before.confidence or 0.0, probability),
            )
        else:
            found.append(Word(text, start, end, probability))
    return found


def _joins(before: str, after: str) -> bool:
    """Whether two signs without a space between them are one word: not where people write without spaces."""
    return not (_is_spaceless(before) or _is_spaceless(after))


def _is_spaceless(sign: str) -> bool:
    """Han, kana, and the scripts of South-East Asia that have no spaces."""
    code = ord(sign)
    return 0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF or 0x2E80 <= code <= 0x9FFF


def _in_order(words: Sequence[Word], speech: Sequence[Span]) -> list[Word]:
    """The words with times that make sense: none begins in the pause before its speech, none before the one before."""
    found: list[Word] = []
    for word in words:
        start_sec = word.start_sec
        for span in speech:
            pause_ends_within = start_sec < span.start_sec - LATE_SEC and span.start_sec < word.end_sec - 0.02
            if pause_ends_within and not any(
                other.start_sec < span.start_sec and other.end_sec > start_sec for other in speech
            ):
                start_sec = span.start_sec
                break
        if found and start_sec < found[-1].end_sec:
            start_sec = min(found[-1].end_sec, word.end_sec)
        found.append(replace(word, start_sec=start_sec, end_sec=max(word.end_sec, start_sec)))
    return found


def _once(words: Sequence[Word], speech: Sequence[Span]) -> list[Word]:
    """The words without the loops of the decoder: a phrase that comes three times in a row stays once, unless it was
    spoken that often, as `no, no, no`."""
    plain = [word.text.lower().strip(".,!?…-") for word in words]
    found: list[Word] = []
    at = 0
    while at < len(words):
        size, times = _loop(plain, at)
        run = words[at : at + size * times]
        if times >= REPEATS and not _was_said(run, size, speech):
            found += run[:size]
            at += len(run)
        else:
            found.append(words[at])
            at += 1
    return found


def _loop(plain: Sequence[str], at: int) -> tuple[int, int]:
    """The shortest phrase that begins here and comes at least three times in a row: its words, and how often."""
    for size in range(1, MAX_PHRASE_WORDS + 1):
        times = 1
        while plain[at + times * size : at + (times + 1) * size] == plain[at : at + size]:
            times += 1
        if times >= REPEATS and at + size * times <= len(plain):
            return size, times
    return 1, 1


def _was_said(run: Sequence[Word], size: int, speech: Sequence[Span]) -> bool:
    begin_sec, end_sec = run[0].start_sec, run[-1].end_sec
    spoken_sec = sum(max(0.0, _shared_sec(span, begin_sec, end_sec)) for span in speech)
    again = [word.confidence or 0.0 for word in run[size:]]
    if len(run) > MAX_WORDS_A_SEC_REPEATED * max(spoken_sec, 0.05) or sum(again) / len(again) < DOUBTFUL:
        return False
    return size < LONG_PHRASE_WORDS or _have_pauses(run, size, speech)


def _have_pauses(run: Sequence[Word], size: int, speech: Sequence[Span]) -> bool:
    """Whether each repetition is spoken in a span of its own."""
    spans = []
    for first in range(0, len(run), size):
        begin_sec, end_sec = run[first].start_sec, run[first + size - 1].end_sec
        spans.append(max(range(len(speech)), key=lambda at: _shared_sec(speech[at], begin_sec, end_sec)))
    return len(set(spans)) == len(spans)


def _shared_sec(span: Span, begin_sec: float, end_sec: float) -> float:
    return min(end_sec, span.end_sec) - max(begin_sec, span.start_sec)
