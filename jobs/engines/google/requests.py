"""What Google is asked for: pure functions of a recording and the settings.

What Google's pages say of its models, which refuse a request for what they do not have ("Recognizer does not support
feature: word_level_confidence"):

| model      | word offsets               | word confidence | longest audio of one BatchRecognize   |
|------------|----------------------------|-----------------|---------------------------------------|
| `long`     | yes                        | yes             | 480 minutes                           |
| `chirp`    | yes                        | no              | 8 hours                               |
| `chirp_2`  | yes                        | no true one     | 8 hours                               |
| `chirp_3`  | yes                        | no              | 1 hour, with word offsets 20 minutes  |

`latest_short` cannot recognise channels apart. Which models tell speakers apart depends on the language, too: Google
says so when it is asked.
"""

from pathlib import PurePath

from google.cloud.speech_v2 import (
    AutoDetectDecodingConfig,
    BatchRecognizeFileMetadata,
    BatchRecognizeRequest,
    InlineOutputConfig,
    RecognitionConfig,
    RecognitionFeatures,
    RecognitionOutputConfig,
    SpeakerDiarizationConfig,
)

from jobs.engines.protocol import RemoteAudio
from jobs.errors import LanguageNotSupported
from store.settings import Settings

LONGEST_MINUTES = {"chirp_3": 20.0}  # with word offsets, which the desk always asks for
MOST_CHANNELS = 2

# by the file's ending: FFmpeg's names of what AutoDetectDecodingConfig lists (FFmpeg calls its MP3 decoder mp3float)
READABLE: dict[str, frozenset[str]] = {
    ".wav": frozenset({"pcm_s16le", "pcm_mulaw", "pcm_alaw"}),
    ".amr": frozenset({"amrnb", "amrwb", "amr_nb", "amr_wb"}),
    ".flac": frozenset({"flac"}),
    ".mp3": frozenset({"mp3", "mp3float"}),
    ".ogg": frozenset({"opus", "libopus"}),
    ".oga": frozenset({"opus", "libopus"}),
    ".opus": frozenset({"opus", "libopus"}),
    ".webm": frozenset({"opus", "libopus"}),
    ".mp4": frozenset({"aac"}),
    ".m4a": frozenset({"aac"}),
    ".mov": frozenset({"aac"}),
}


def takes(suffix: str, codec: str, channels: int) -> bool:
    """Whether Google reads such a file as it is; `codec` is FFmpeg's name, empty where it is not known."""
    ending = PurePath(f"x.{suffix.lstrip('.')}").suffix.lower()
    return channels <= MOST_CHANNELS and codec in READABLE.get(ending, ())


def longest_sec(settings: Settings) -> float:
    """The longest audio for one operation with the model of the settings."""
    return 60 * min(settings.google_longest_minutes, LONGEST_MINUTES.get(settings.google_model, float("inf")))


def parent(settings: Settings) -> str:
    """Below which Google keeps this desk's operations and recognisers."""
    return f"projects/{settings.google_project}/locations/{settings.google_region}"


def language_code(language: str, settings: Settings) -> str:
    """What Google is told for the session's `language`: `en` is the first English of GOOGLE_LANGUAGES, `en-GB` itself.

    Raises `LanguageNotSupported` when GOOGLE_LANGUAGES has none of this language.
    """
    codes = [code.strip() for code in settings.google_languages.split(",") if code.strip()]
    same = [code for code in codes if _primary(code) == _primary(language)]
    if not same:
        raise LanguageNotSupported(detail=f"GOOGLE_LANGUAGES has nothing for {language!r}: {', '.join(codes)}")
    return language if "-" in language else same[0]


def batch_request(audio: RemoteAudio, settings: Settings) -> BatchRecognizeRequest:
    """The request to recognise one object; the answer comes within the operation. Raises `LanguageNotSupported`."""
    strategy = BatchRecognizeRequest.ProcessingStrategy
    return BatchRecognizeRequest(
        recognizer=f"{parent(settings)}/recognizers/_",
        config=RecognitionConfig(
            auto_decoding_config=AutoDetectDecodingConfig(),
            model=settings.google_model,
            language_codes=[language_code(audio.language, settings)],
            features=_features(audio, settings),
        ),
        files=[BatchRecognizeFileMetadata(uri=audio.uri)],
        recognition_output_config=RecognitionOutputConfig(inline_response_config=InlineOutputConfig()),
        processing_strategy=(
            strategy.DYNAMIC_BATCHING
            if settings.google_batch == "dynamic"
            else strategy.PROCESSING_STRATEGY_UNSPECIFIED
        ),
    )


def _features(audio: RemoteAudio, settings: Settings) -> RecognitionFeatures:
    speakers = 0 if audio.speaker_channels else settings.google_speakers  # a channel says already who speaks
    modes = RecognitionFeatures.MultiChannelMode
    return RecognitionFeatures(
        enable_word_time_offsets=True,
        enable_word_confidence=not settings.google_model.startswith("chirp"),
        enable_automatic_punctuation=True,
        multi_channel_mode=(
            modes.SEPARATE_RECOGNITION_PER_CHANNEL if audio.speaker_channels else modes.MULTI_CHANNEL_MODE_UNSPECIFIED
        ),
        diarization_config=(
            SpeakerDiarizationConfig(min_speaker_count=1, max_speaker_count=speakers) if speakers > 0 else None
        ),
    )


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()
