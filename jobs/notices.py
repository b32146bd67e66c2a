"""What a reader should know of a recording and its words, in sentences derived from the session's facts. Pure."""

from collections.abc import Iterator

from jobs.durations import end_is_missing
from jobs.engines import registry
from jobs.engines.languages import LANGUAGES
from jobs.engines.protocol import DETECT
from store.session_queries import SessionRecord
from store.settings import settings
from store.states import Status

# the smallest first; models of other names, such as those of a folder of one's own, are not compared
MODELS = (
    "tiny.en",
    "tiny",
    "base.en",
    "base",
    "small.en",
    "small",
    "medium.en",
    "medium",
    "large-v3-turbo",
    "large-v3",
)
ALIKE = ({"no", "nn", "nb"},)  # heard as one another, and written alike
FAILED_APART = "The words are complete, but the speakers could not be told apart."
UNSURE_APART = "The words are complete, but who says what is too uncertain: the speakers are not told apart."
ONE_VOICE = "Only one voice is heard, although two people were expected."
MORE_VOICES = "Three or more people cannot be told apart by {}: the words do not say who speaks."
DRAFT_ONLY = (
    "{} often mishears, writes no punctuation and does not tell voices apart: take its words for a rough draft."
)


def of(record: SessionRecord) -> list[str]:
    """All notices; that the end of the recording is missing comes first."""
    found = [end_missing(record), _other_language(record), _language_by_default(record)]
    if record.status in {Status.PROCESSING, Status.COMPLETED}:
        found += [_rough_engine(record), _smaller_model(record)]
    return [sentence for sentence in (*found, *_speakers(record)) if sentence]


def end_missing(record: SessionRecord) -> str | None:
    """That the file ends before it says."""
    return end_is_missing(record.duration_total, record.duration_promised)


def draft_text(record: SessionRecord) -> str | None:
    """What made the words: `Draft by Whisper base on this machine`; None before the first attempt."""
    if record.attempt == 0:
        return None
    title = registry.engine_title(record.engine, record.model)
    return f"Transcribed by {title}" if registry.is_remote(record.engine) else f"Draft by {title} on this machine"


def language_name(tag: str) -> str:
    """The language's English name, `English (en-GB)` for a kind of it; an unknown tag as it is."""
    primary = _primary(tag)
    name = LANGUAGES.get(primary, tag)
    return name if primary == tag or primary not in LANGUAGES else f"{name} ({tag})"


def _other_language(record: SessionRecord) -> str | None:
    heard, chosen = record.language_heard, record.language
    if heard is None or record.language_detected or chosen == DETECT or _alike(heard, chosen):
        return None
    wrong, right = (language_name(_primary(tag)) for tag in (chosen, heard))
    return (
        f"You chose {wrong}, but {right} is heard: the words may be a translation. "
        f"Upload it again with Detect or {right}."
    )


def _language_by_default(record: SessionRecord) -> str | None:
    if not record.language_detected or record.language_heard is not None or record.language == DETECT:
        return None
    title = registry.engine_title(record.engine)
    return f"{title} cannot hear which language is spoken: the recording is taken for {language_name(record.language)}."


def _rough_engine(record: SessionRecord) -> str | None:
    if record.engine != registry.LAST_RESORT:
        return None
    return DRAFT_ONLY.format(registry.engine_title(record.engine))


def _smaller_model(record: SessionRecord) -> str | None:
    made_with, wished = record.model or "", settings().whisper_model
    if record.engine != "whisper" or made_with not in MODELS or wished not in MODELS:
        return None
    if MODELS.index(made_with) >= MODELS.index(wished):
        return None
    title = registry.engine_title(record.engine, made_with)
    return f"Made with {title}, a smaller model than {wished}, which this desk is set to: more words may be wrong."


def _speakers(record: SessionRecord) -> Iterator[str]:
    if record.speakers_outcome == "failed":
        yield FAILED_APART
    elif record.speakers_outcome == "unsure":
        yield UNSURE_APART
    elif record.speakers_outcome == "one" and record.speakers == "two":
        yield ONE_VOICE
    if record.speakers == "more" and not record.speaker_channels and registry.tells_voices_apart(record.engine):
        yield MORE_VOICES.format(registry.engine_title(record.engine, record.model))


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _alike(one: str, other: str) -> bool:
    pair = {_primary(one), _primary(other)}
    return len(pair) == 1 or any(pair <= group for group in ALIKE)
