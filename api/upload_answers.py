"""Uploads that wait, as JSON."""

import uuid

from pydantic import BaseModel, Field

from api.units import Seconds
from jobs import durations
from jobs.submit import Prospect


class UploadAnswer(BaseModel):
    """A stored recording that waits to be started."""

    upload_id: uuid.UUID
    filename: str
    size_bytes: int
    duration_sec: Seconds
    format: str
    notice: str | None = Field(description="that the end of the recording is missing, in plain words")
    expected_sec: Seconds
    expected_text: str = Field(examples=["about 7 min if started now"])
    duplicate_of: uuid.UUID | None
    duplicate_title: str | None

    @classmethod
    def of(cls, prospect: Prospect) -> "UploadAnswer":
        recording = prospect.recording
        return cls(
            upload_id=recording.id,
            filename=recording.audio_filename,
            size_bytes=recording.audio_size_bytes,
            duration_sec=recording.duration_total,
            format=recording.audio_format,
            notice=durations.end_is_missing(recording.duration_total, recording.duration_promised),
            expected_sec=prospect.expectation.expected_sec,
            expected_text=f"about {durations.roughly(prospect.expectation.expected_sec)} if started now",
            duplicate_of=prospect.duplicate_of,
            duplicate_title=prospect.duplicate_title,
        )


class UploadList(BaseModel):
    items: list[UploadAnswer]
