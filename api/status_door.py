"""What clients poll, answered before everything else: `GET /api/v1/sessions/{id}` and `…/{id}/status`.

A door of plain ASGI in front of the app. It gives the answer of api/sessions.py, with the same identity, limits and
headers, kept for less than a second for whoever asks again; whatever is not plainly that (refusals, errors, unknown
sessions, other calls) it leaves to the app behind it.
"""

import asyncio
import os
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import rate_limits
from api.kept import NOTHING_ELSE, PATIENCE_SEC, KeptForAMoment
from api.people import FORWARDED, identified
from api.problem_handlers import database_problem
from api.problems import ApiProblem
from api.safety import is_our_host, security_headers
from api.status_answer import RawHeaders, StatusAnswer, status_answer
from jobs.policy import Person
from store.settings import settings

ADDRESS = re.compile(r"/api/v1/sessions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/status)?")
THREADS = 8  # more of them only fight for the interpreter
WHO = frozenset(name.encode() for name in ("host", "authorization", "cookie", "origin", "sec-fetch-site", *FORWARDED))
Found = TypeVar("Found")


class LeftToTheApp(Exception):
    """Not here: the app behind the door says what there is to say."""


class StatusDoor:
    """Middleware, the outermost one: an answer that is kept costs no more than a constant."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="status")
        self._people: KeptForAMoment[object, Person] = KeptForAMoment()
        self._answers: KeptForAMoment[object, StatusAnswer] = KeptForAMoment()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if asked is None or scope["query_string"]:
            await self.app(scope, receive, send)
            return
        told: dict[str, str] = {}
        try:
            person, answer = await self._found(scope, asked[1])
            if not person.local:
                rate_limits.count(person.account_id, told)
        except TimeoutError:
            refusal = database_problem().response()
            refusal.headers.update({**security_headers(""), "X-Request-Id": _reference(), "Cache-Control": "no-store"})
            await refusal(scope, receive, send)
        except (LeftToTheApp, ApiProblem):
            await self.app(scope, receive, send)
        else:
            await _give(answer, _known_to_client(scope), told, send)

    async def _found(self, scope: Scope, session_id: str) -> tuple[Person, StatusAnswer]:
        keep_sec = settings().status_cache_sec
        if not keep_sec:
            return await self._in_thread(lambda: _both(scope, session_id))
        who = (scope.get("server"), tuple([header for header in scope["headers"] if header[0] in WHO]))
        person = self._people.get(who, keep_sec)
        if person is None:
            person = await self._people.read(who, lambda: self._in_thread(lambda: _person(scope)))
        answer = self._answers.get((person, session_id), keep_sec)
        if answer is None:
            seen_by = person
            answer = await self._answers.read(
                (person, session_id), lambda: self._in_thread(lambda: _answer(seen_by, session_id))
            )
        return person, answer

    async def _in_thread(self, find: Callable[[], Found]) -> Found:
        found = asyncio.get_running_loop().run_in_executor(self._threads, find)
        return await asyncio.wait_for(found, PATIENCE_SEC)


def _both(scope: Scope, session_id: str) -> tuple[Person, StatusAnswer]:
    person, _ = _person(scope)
    return person, _answer(person, session_id)[0]


def _person(scope: Scope) -> tuple[Person, float]:
    request = Request(scope)
    if not is_our_host(request.headers.get("host", "")):
        raise LeftToTheApp
    return identified(request), NOTHING_ELSE


def _answer(person: Person, session_id: str) -> tuple[StatusAnswer, float]:
    found = status_answer(uuid.UUID(session_id), person)
    if found is None:
        raise LeftToTheApp
    return found


def _known_to_client(scope: Scope) -> bytes:
    """What it sends as If-None-Match."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            known: bytes = value
            return known
    return b""


async def _give(answer: StatusAnswer, known: bytes, told: dict[str, str], send: Send) -> None:
    unchanged = answer.tag in known or known == b"*"
    headers: RawHeaders = [
        *(answer.headers_unchanged if unchanged else answer.headers),
        (b"x-request-id", _reference().encode()),
        *((name.lower().encode(), value.encode()) for name, value in told.items()),
    ]
    await send({"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if unchanged else answer.body})


def _reference() -> str:
    return os.urandom(6).hex()
