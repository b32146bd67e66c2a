"""Who asks: by a token, by the dashboard's sign-in in the same browser, or the one local person. Else 401."""

from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Request

from api import dashboard_cookie, rate_limits
from api.problems import ApiProblem
from api.safety import READING, from_elsewhere, is_from_a_page_of_ours
from jobs import tokens
from jobs.policy import Person, local_person
from jobs.sign_in import SignInRefused, recognise
from jobs.tokens import Bearer
from store.refusals import is_loopback
from store.settings import settings
from store.tokens import TokenScope

REALM = 'Bearer realm="Transcript Desk"'
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
UPLOADS = ("/v1/uploads", "/v1/sessions")


def current_person(request: Request) -> Person:
    """Whoever this request is from, with its address, and counted against their limit; ApiProblem 401, 403 or 429."""
    address = request.client.host if request.client else None
    try:
        person = identified(request)
    except ApiProblem:
        if not is_without_sign_in(request):
            told: MutableMapping[str, str] = request.scope.setdefault("desk.headers", {})
            rate_limits.count(f"address {address}", told)  # not before: who guesses must not keep out their neighbours
        raise
    path = request.url.path.removeprefix("/api").rstrip("/")
    rate_limits.counted_once(request.scope, person, upload=request.method == "POST" and path in UPLOADS)
    return replace(person, address=address)


def identified(request: Request) -> Person:
    """Whoever this request is from, not counted yet; ApiProblem 401 or 403."""
    (found,) = all_identified([request])
    if isinstance(found, ApiProblem):
        raise found
    return found


def all_identified(requests: Sequence[Request]) -> list[Person | ApiProblem]:
    """The same for several at once, each with its refusal: one query for all their tokens."""
    headers = [request.headers.get("authorization") for request in requests]
    bearers = iter(tokens.bearers_of([_token_in(header) for header in headers if header is not None]))
    return [
        _identity(request, None if header is None else next(bearers))
        for request, header in zip(requests, headers, strict=True)
    ]


def is_without_sign_in(request: Request) -> bool:
    """Whether whoever asks does not have to say who they are, and does not."""
    return request.headers.get("authorization") is None and not settings().sign_in


Caller = Annotated[Person, Depends(current_person)]


def is_local(request: Request) -> bool:
    """Whether this came to a loopback address, and not through a proxy that might speak for anybody."""
    arrived_at = (request.scope.get("server") or ("", 0))[0]
    return is_loopback(arrived_at) and not any(name in request.headers for name in FORWARDED)


def _token_in(header: str) -> str:
    """The token in an Authorization header; empty when there is something else in it."""
    kind, _, text = header.partition(" ")
    return text.strip() if kind.lower() == "bearer" else ""


def _identity(request: Request, bearer: Bearer | Exception | None) -> Person | ApiProblem:
    """`bearer`: what became of the token; None when the request carries no Authorization at all."""
    try:
        if bearer is not None:
            return _by_token(request, bearer)
        if not is_without_sign_in(request):
            return _by_cookie(request)
        if not is_local(request):
            raise _needed("Without sign-in this desk answers on the machine that it runs on, and there alone.")
        return local_person()
    except ApiProblem as refusal:
        return refusal


def _by_token(request: Request, bearer: Bearer | Exception) -> Person:
    if not request.headers["authorization"].lower().startswith("bearer "):
        raise _needed("Send a token as `Authorization: Bearer td_…`.")
    if isinstance(bearer, Exception):
        challenge = f'{REALM}, error="invalid_token"'
        raise ApiProblem(
            401, "token-refused", "This token does not work.", str(bearer), headers={"WWW-Authenticate": challenge}
        )
    if bearer.scope is TokenScope.READ and request.method not in READING:
        raise ApiProblem(
            403,
            "token-reads-only",
            "This token may read only.",
            "Make a token that may write on your account page.",
            headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="write"'},
        )
    return bearer.person


def _by_cookie(request: Request) -> Person:
    """Only for pages of ours: a browser sends the cookie along whoever's page asks."""
    claims = dashboard_cookie.claims_in(request.cookies)
    if claims is None:
        raise _needed()
    trusted = not from_elsewhere(request.headers)
    if request.method not in READING:
        trusted = is_from_a_page_of_ours(request.headers)
    if not trusted:
        raise ApiProblem(
            403,
            "cross-site-request",
            "This request came from another web site, so it was refused.",
            "Open the dashboard itself to do this, or send a token.",
        )
    try:
        return recognise(claims)
    except SignInRefused as error:
        raise _needed(str(error)) from None


def _needed(detail: str = "Sign in on the dashboard, or send a token as `Authorization: Bearer td_…`.") -> ApiProblem:
    return ApiProblem(401, "sign-in-needed", "Please sign in.", detail, headers={"WWW-Authenticate": REALM})


SECURITY: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "made on the account page; `td_…`"},
    "dashboard": {
        "type": "apiKey",
        "in": "cookie",
        "name": dashboard_cookie.NAME,
        "description": "set by the dashboard's sign-in; same browser, same origin",
    },
}
