"""The forms that carry a recording, as OpenAPI describes them, since they are read as a stream and not by FastAPI."""

from typing import Any

from api.take_in import Fields, wrong_part
from api.wishes import SessionWishes

_FILE = {"type": "string", "format": "binary", "description": "WAV, FLAC, MP3, M4A, AAC, OGG, Opus, WebM, MP4 or MOV"}


def _form(**fields: Any) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"file": _FILE, **fields},
        "required": ["file"],
        "additionalProperties": False,
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


FILE_ONLY = _form()
WITH_WISHES = _form(**SessionWishes.model_json_schema()["properties"])


def no_fields(fields: Fields) -> None:
    """Refuse text fields beside the file; an ApiProblem names the first."""
    for name in fields:
        raise wrong_part(name, "An upload takes the file alone; title, language and the rest come with its start.")
