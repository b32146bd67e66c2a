"""One session as bytes, with the headers that go along: what the status door gives out."""

import hashlib
from dataclasses import dataclass

from api.answers import SessionAnswer
from api.safety import security_headers
from jobs.session_view import SessionView

RawHeaders = list[tuple[bytes, bytes]]
NOSNIFF = (b"x-content-type-options", b"nosniff")
AS_OF = b'"as_of":"'  # not within a text, where the quotes would be escaped


@dataclass(frozen=True)
class StatusAnswer:
    """The body of a 200, and the headers of a 200 and of a 304. `tag` is the quoted part of the weak ETag: it names the
    facts, whenever they were read."""

    body: bytes
    tag: bytes
    headers: RawHeaders
    headers_unchanged: RawHeaders


def status_answer(view: SessionView) -> StatusAnswer:
    return answer_of(SessionAnswer.of(view).model_dump_json().encode())


def answer_of(body: bytes) -> StatusAnswer:
    """The answer with this body; its headers are those that api/safety.py gives to every answer, and for caches.

    A 304 leaves out what the client has kept with the answer itself (RFC 9110, 15.4.5): each header costs it 2 %.
    """
    before, _, after = body.partition(AS_OF)
    facts = hashlib.blake2b(before + after.partition(b'"')[2], digest_size=12).hexdigest()
    tag = f'"{facts}"'.encode()
    for_caches = [(b"etag", b"W/" + tag), (b"cache-control", b"private, no-cache"), (b"vary", b"Authorization, Cookie")]
    of_body = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    safe = [(name.lower().encode(), value.encode()) for name, value in security_headers("").items()]
    return StatusAnswer(body, tag, [*of_body, *for_caches, *safe], [*for_caches, NOSNIFF])
