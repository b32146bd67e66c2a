"""What clients poll, answered before everything else: `GET /api/v1/sessions/{id}` and `…/{id}/status`.

A door of plain ASGI in front of the app. It gives the answer of api/sessions.py, with the same identity, limits and
headers (a 304 has fewer), kept for less than a second for whoever asks again; whatever is not plainly that (refusals,
errors, unknown sessions, other calls) it leaves to the app behind it.
"""

import logging
import random
import re
import uuid
from collections.abc import Mapping
from functools import partial
from typing import TypeVar

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from api import rate_limits
from api.gathered import Gathered
from api.kept import NOTHING_ELSE, KeptForAMoment, Reading
from api.people import FORWARDED, all_identified
from api.problem_handlers import database_problem
from api.problems import ApiProblem
from api.safety import is_our_host, security_headers
from api.status_answer import RawHeaders, StatusAnswer, status_answer
from jobs import board
from jobs.policy import Person
from store.settings import settings

ADDRESS = re.compile(r"/api/v1/sessions/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/status)?")
WHO = frozenset(name.encode() for name in ("host", "authorization", "cookie", "origin", "sec-fetch-site", *FORWARDED))
log = logging.getLogger(__name__)
Fact = TypeVar("Fact")
Asked = tuple[Person, str]  # a session's id, for this person


class LeftToTheApp(Exception):
    """Not here: the app behind the door says what there is to say."""


class StatusDoor:
    """Around everything else: an answer that is kept costs no more than a constant."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._reading_people = Gathered(_people)
        self._reading_answers = Gathered(_answers)
        self._people: KeptForAMoment[object, Person] = KeptForAMoment()
        self._answers: KeptForAMoment[object, StatusAnswer] = KeptForAMoment()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if asked is None or scope["query_string"]:
            await self.app(scope, receive, send)
            return
        try:
            keep_sec = settings().status_cache_sec
            who, recognise = _who(scope), partial(self._reading_people.read, scope)
            person = self._people.at_hand(who, keep_sec, recognise)
            if person is None:
                person = await _read(self._people, who, recognise)
            told = rate_limits.counted_once(scope, person)
            what, find = _what(person, asked[1]), partial(self._reading_answers.read, (person, asked[1]))
            answer = self._answers.at_hand(what, keep_sec, find)
            if answer is None:
                answer = await _read(self._answers, what, find)
        except TimeoutError:
            refusal = database_problem().response()
            refusal.headers.update({**security_headers(""), "X-Request-Id": _reference(), "Cache-Control": "no-store"})
            await refusal(scope, receive, send)
        except (LeftToTheApp, ApiProblem, SQLAlchemyError, OSError):  # too many calls; no database
            await self.app(scope, receive, send)
        except Exception:
            log.exception("The status door failed")
            await self.app(scope, receive, send)  # which answers each on its own
        else:
            await _give(answer, _known_to_client(scope), told, send)


async def _read(kept: KeptForAMoment[object, Fact], key: object, reading: Reading[Fact]) -> Fact:
    if settings().status_cache_sec:
        return await kept.read(key, reading)
    fact, _ = await reading(False)
    return fact


def _who(scope: Scope) -> object:
    """What says who sends a request."""
    return (scope.get("server"), tuple([header for header in scope["headers"] if header[0] in WHO]))


def _what(person: Person, session_id: str) -> object:
    """What the answer depends on."""
    return (person.account_id, person.is_ops, person.local, session_id)


def _people(scopes: list[Scope]) -> list[tuple[Person, float] | Exception]:
    """Who sends these requests, where a host of ours is asked."""
    requests = [Request(scope) for scope in scopes]
    found: list[tuple[Person, float] | Exception] = []
    for request, one in zip(requests, all_identified(requests), strict=True):
        welcome = isinstance(one, Person) and is_our_host(request.headers.get("host", ""))
        found.append((one, NOTHING_ELSE) if isinstance(one, Person) and welcome else LeftToTheApp())
    return found


def _answers(asks: list[Asked]) -> list[tuple[StatusAnswer, float] | Exception]:
    """The answers: one query for all the sessions that a person asks for."""
    found: dict[Asked, tuple[StatusAnswer, float]] = {}
    for person in {person for person, _ in asks}:
        ids = [uuid.UUID(session_id) for who, session_id in asks if who == person]
        for seen in board.seen(ids, person):
            found[person, str(seen.view.session_id)] = (status_answer(seen.view), seen.since_sec)
    return [found.get(asked) or LeftToTheApp() for asked in asks]


def _known_to_client(scope: Scope) -> bytes:
    """What it sends as If-None-Match."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            known: bytes = value
            return known
    return b""


async def _give(answer: StatusAnswer, known: bytes, told: Mapping[str, str], send: Send) -> None:
    unchanged = answer.tag in known or known == b"*"
    headers: RawHeaders = [
        *(answer.headers_unchanged if unchanged else answer.headers),
        (b"x-request-id", _reference().encode()),
    ]
    headers += [
        (name.encode(), value.encode()) for name, value in told.items() if not unchanged or name != rate_limits.POLICY
    ]
    await send({"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if unchanged else answer.body})


def _reference() -> str:
    return f"{random.getrandbits(48):012x}"  # a name, no secret
