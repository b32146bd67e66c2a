"""Numbers and times as the API writes them."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from jobs import durations


def tenths(seconds: float) -> int | float:
    """Seconds to a tenth, without a fraction where there is none."""
    rounded = round(seconds, 1)
    return int(rounded) if rounded.is_integer() else rounded


Seconds = Annotated[float, PlainSerializer(tenths), WithJsonSchema({"type": "number", "minimum": 0})]
Moment = Annotated[
    datetime,
    PlainSerializer(durations.iso),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2025-01-09T10:30:00Z"]}),
]
