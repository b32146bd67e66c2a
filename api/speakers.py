"""Who speaks in a session, and what people call them."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field

from api.people import Caller
from api.problems import documented
from jobs.speakers import naming
from store.speaker_names import MAX_NAME_CHARS, Voice

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"])
EXAMPLE = {"Speaker 1": "Coach", "Speaker 2": "Client"}
Name = Annotated[str, Field(max_length=MAX_NAME_CHARS)]
NAMES = Field(max_length=100, description="what each speaker is called, by their label; null: shown by the label")
SpeakerNames = Annotated[dict[str, Name | None], NAMES, Body(examples=[EXAMPLE])]
EXAMPLES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"example": EXAMPLE}}}}


@router.get(
    "/{session_id:uuid}/speakers", summary="Who speaks", responses={**EXAMPLES, **documented(404, 410, 422, 503)}
)
def speakers(session_id: uuid.UUID, person: Caller) -> dict[str, str | None]:
    """The speakers that the transcript tells apart, and their names. Empty until the session is completed."""
    return _by_label(naming.speakers(session_id, person))


@router.put(
    "/{session_id:uuid}/speakers",
    summary="Name who speaks",
    responses={**EXAMPLES, **documented(400, 403, 404, 409, 410, 422, 503)},
)
def name_speakers(session_id: uuid.UUID, names: SpeakerNames, person: Caller) -> dict[str, str | None]:
    """The names appear in the transcript and all its formats at once. A label that is left out loses its name."""
    return _by_label(naming.name_all(session_id, names, person))


def _by_label(found: Sequence[Voice]) -> dict[str, str | None]:
    return {voice.label: voice.name for voice in found}
