"""What Google checks before it accepts a request, and which configuration is in force for a file."""

import re

import grpc
from google.cloud.speech_v2 import BatchRecognizeFileMetadata, BatchRecognizeRequest, RecognitionConfig
from google.protobuf import field_mask_pb2

MODELS = frozenset(
    {
        *("long", "short", "telephony", "telephony_short", "latest_long", "latest_short"),
        *("medical_conversation", "medical_dictation", "chirp", "chirp_2", "chirp_3"),
    }
)
MOST_FILES = 15
RECOGNIZER = re.compile(r"projects/([^/]+)/locations/([^/]+)/recognizers/([^/]+)")
PARENT = re.compile(r"projects/([^/]+)/locations/([^/]+)")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?|cmn-Han[st]-[A-Z]{2}|auto")
OBJECT = re.compile(r"gs://[^/]+/.+", re.DOTALL)


class Refused(Exception):
    """The call ends with this code."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def check_parent(name: str, project: str, region: str) -> str:
    """The `projects/…/locations/…` that a resource's name begins with. Raises `Refused` unless it is ours."""
    found = PARENT.match(name)
    if found is None:
        raise invalid(f'Invalid resource name: "{name}".')
    if found[1] != project:
        raise Refused(grpc.StatusCode.PERMISSION_DENIED, f'Permission denied on resource project "{found[1]}".')
    if found[2] != region:
        raise invalid(f"Expected resource location to be {region}, but found {found[2]} in resource name.")
    return found[0]


def check(request: BatchRecognizeRequest, project: str, region: str) -> str:
    """The parent of the operation to be. Raises `Refused` as Google refuses the request."""
    named = RECOGNIZER.fullmatch(request.recognizer)
    if named is None:
        raise invalid(f'Invalid resource name in field "recognizer": "{request.recognizer}".')
    parent = check_parent(request.recognizer, project, region)
    if named[3] != "_":
        raise Refused(grpc.StatusCode.NOT_FOUND, f"Unable to find Recognizer {named[3]} in {parent}.")
    if not request.files:
        raise invalid("At least one audio file is required.")
    if len(request.files) > MOST_FILES:
        raise invalid(f"At most {MOST_FILES} audio files are allowed.")
    output = BatchRecognizeRequest.pb(request).recognition_output_config.WhichOneof("output")
    if output is None:
        raise invalid("An output is required in recognition_output_config.")
    if output == "inline_response_config" and len(request.files) > 1:
        raise invalid("Inline response is supported for a single audio file only.")
    if output == "gcs_output_config" and not request.recognition_output_config.gcs_output_config.uri.startswith(
        "gs://"
    ):
        raise invalid("gcs_output_config.uri has to be a Cloud Storage URI.")
    for file in request.files:
        if not OBJECT.fullmatch(file.uri):
            raise invalid(f'Invalid Cloud Storage URI: "{file.uri}".')
        _check_config(config_of(request, file), region)
    return parent


def config_of(request: BatchRecognizeRequest, file: BatchRecognizeFileMetadata) -> RecognitionConfig:
    """The request's configuration with what the file's own overrides."""
    own, effective = RecognitionConfig.pb(file.config), RecognitionConfig()
    target, mask = RecognitionConfig.pb(effective), BatchRecognizeFileMetadata.pb(file).config_mask
    target.CopyFrom(RecognitionConfig.pb(request.config))
    if "*" in mask.paths:
        target.CopyFrom(own)
    else:
        given = mask if mask.paths else field_mask_pb2.FieldMask(paths=[name.name for name, _ in own.ListFields()])
        given.MergeMessage(own, target, replace_message_field=True, replace_repeated_field=True)
    return effective


def _check_config(config: RecognitionConfig, region: str) -> None:
    decoding = RecognitionConfig.pb(config).WhichOneof("decoding_config")
    if decoding is None:
        raise invalid("One of auto_decoding_config and explicit_decoding_config is required in config.")
    if decoding == "explicit_decoding_config" and not config.explicit_decoding_config.encoding:
        raise invalid("An encoding is required in explicit_decoding_config.")
    if config.model not in MODELS:
        raise invalid(f'The model "{config.model}" does not exist in the location named "{region}".')
    if not config.language_codes:
        raise invalid("At least one language code is required in config.language_codes.")
    for language in config.language_codes:
        if not LANGUAGE.fullmatch(language):
            raise invalid(
                f'The language "{language}" is not supported by the model "{config.model}"'
                f' in the location named "{region}".'
            )
    speakers = config.features.diarization_config
    if speakers.min_speaker_count > speakers.max_speaker_count:
        raise invalid("min_speaker_count may not be greater than max_speaker_count.")
