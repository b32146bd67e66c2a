"""Where a page of history ended, as an opaque word for links: read back with suspicion, since anyone can write one."""

import base64
import binascii
import json
import math
import uuid
from dataclasses import dataclass
from datetime import datetime

LONGEST_CURSOR = 4000  # of a title of 200 characters that JSON writes as 12 each
Value = datetime | str | float | None  # of the sort; None for a session that has no such value yet


class BadCursor(ValueError):
    """This page link is not one of ours, or belongs to another order. Start again from the first page."""

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").strip())


@dataclass(frozen=True)
class Cursor:
    """The session at the edge of a page; `forward` asks for what comes after it, else for what comes before."""

    value: Value
    session_id: uuid.UUID
    forward: bool


def write_cursor(order: str, cursor: Cursor) -> str:
    value = {"at": cursor.value.isoformat()} if isinstance(cursor.value, datetime) else cursor.value
    written = json.dumps([order, value, cursor.session_id.hex, cursor.forward], separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def read_cursor(word: str, order: str, kind: type[datetime] | type[str] | type[float]) -> Cursor:
    """The cursor that `write_cursor` wrote for this `order`, whose values are of `kind`; BadCursor for all else."""
    try:
        if len(word) > LONGEST_CURSOR:
            raise BadCursor
        padded = word + "=" * (-len(word) % 4)
        written_for, value, session_id, forward = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if written_for != order or not isinstance(forward, bool) or not isinstance(session_id, str):
            raise BadCursor
        return Cursor(None if value is None else _value(value, kind), uuid.UUID(session_id), forward)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, binascii.Error):
        raise BadCursor from None


def _value(value: object, kind: type[datetime] | type[str] | type[float]) -> Value:
    if kind is datetime and isinstance(value, dict):
        moment = datetime.fromisoformat(value["at"])
        if moment.tzinfo is not None:
            return moment
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if kind is str and isinstance(value, str) and "\0" not in value:
        return value.encode().decode()  # a lone surrogate is a ValueError here, not an error of the database later
    raise BadCursor
