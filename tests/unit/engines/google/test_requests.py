"""What Google is asked for follows from the recording and the settings."""

import pytest
from google.cloud.speech_v2 import BatchRecognizeRequest, RecognitionFeatures

from jobs.engines.google import requests
from jobs.engines.protocol import RemoteAudio
from jobs.errors import LanguageNotSupported
from store.settings import Settings

URI = "gs://bucket/audio/1.flac"


def audio(**facts) -> RemoteAudio:
    return RemoteAudio(
        **{"uri": URI, "audio_sec": 60.0, "language": "en", "channels": 1, "speaker_channels": False} | facts
    )


def asked(of: RemoteAudio | None = None, **limits) -> BatchRecognizeRequest:
    return requests.batch_request(of or audio(), Settings(google_project="desk", **limits))


def test_one_object_is_recognised_and_answered_inline() -> None:
    request = asked()
    assert request.recognizer == "projects/desk/locations/eu/recognizers/_"
    assert [file.uri for file in request.files] == [URI]
    assert "inline_response_config" in request.recognition_output_config
    assert "auto_decoding_config" in request.config
    assert request.config.model == "long"
    assert list(request.config.language_codes) == ["en-US"]
    features = request.config.features
    assert features.enable_word_time_offsets
    assert features.enable_word_confidence
    assert features.enable_automatic_punctuation
    assert "diarization_config" not in features
    assert not features.multi_channel_mode
    assert not request.processing_strategy


def test_settings_choose_region_model_and_price() -> None:
    request = asked(google_region="us", google_model="telephony", google_batch="dynamic")
    assert request.recognizer == "projects/desk/locations/us/recognizers/_"
    assert request.config.model == "telephony"
    assert request.processing_strategy == BatchRecognizeRequest.ProcessingStrategy.DYNAMIC_BATCHING


@pytest.mark.parametrize("model", ["chirp", "chirp_2", "chirp_3"])
def test_chirp_is_not_asked_for_what_it_refuses(model: str) -> None:
    features = asked(google_model=model).config.features
    assert not features.enable_word_confidence
    assert features.enable_word_time_offsets


def test_speakers_are_told_apart_when_operations_wants_it() -> None:
    speakers = asked(google_speakers=3).config.features.diarization_config
    assert (speakers.min_speaker_count, speakers.max_speaker_count) == (1, 3)


def test_a_speaker_a_channel_needs_no_telling_apart() -> None:
    features = asked(audio(channels=2, speaker_channels=True), google_speakers=3).config.features
    assert features.multi_channel_mode == RecognitionFeatures.MultiChannelMode.SEPARATE_RECOGNITION_PER_CHANNEL
    assert "diarization_config" not in features


@pytest.mark.parametrize(
    ("language", "code"),
    [("en", "en-GB"), ("en-US", "en-US"), ("en-AU", "en-AU"), ("de", "de-DE"), ("EN", "en-GB")],
)
def test_a_language_becomes_a_code(language: str, code: str) -> None:
    codes = Settings(google_languages=" en-GB, en-US,de-DE,")
    assert requests.language_code(language, codes) == code


@pytest.mark.parametrize("language", ["fr", "fr-CA", "e", "eng"])
def test_a_language_that_operations_does_not_list_is_refused(language: str) -> None:
    with pytest.raises(LanguageNotSupported) as met:
        requests.language_code(language, Settings(google_languages="en-GB,de-DE"))
    assert "GOOGLE_LANGUAGES" in (met.value.detail or "")


@pytest.mark.parametrize(
    ("suffix", "codec", "channels", "taken"),
    [
        (".wav", "pcm_s16le", 1, True),
        (".WAV", "pcm_mulaw", 2, True),
        ("wav", "pcm_alaw", 1, True),
        (".wav", "pcm_s24le", 1, False),
        (".wav", "pcm_f32le", 2, False),
        (".flac", "flac", 2, True),
        (".flac", "flac", 3, False),
        (".mp3", "mp3float", 2, True),
        (".ogg", "opus", 2, True),
        (".ogg", "vorbis", 2, False),
        (".webm", "opus", 1, True),
        (".webm", "vorbis", 1, False),
        (".m4a", "aac", 2, True),
        (".m4a", "alac", 2, False),
        (".mp4", "aac", 6, False),
        (".mov", "aac", 1, True),
        (".aac", "aac", 1, False),
        (".flac", "", 1, False),
        ("", "flac", 1, False),
        (".", "flac", 1, False),
    ],
)
def test_only_what_google_reads_by_itself_is_taken_as_it_is(
    suffix: str, codec: str, channels: int, taken: bool
) -> None:
    assert requests.takes(suffix, codec, channels) is taken


@pytest.mark.parametrize(
    ("model", "minutes", "longest_sec"),
    [("long", 480, 28_800), ("long", 60, 3600), ("chirp_3", 480, 1200), ("chirp_3", 10, 600)],
)
def test_the_model_limits_what_goes_in_one_operation(model: str, minutes: float, longest_sec: float) -> None:
    assert requests.longest_sec(Settings(google_model=model, google_longest_minutes=minutes)) == longest_sec
