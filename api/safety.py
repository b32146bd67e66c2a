"""Keeps other web sites from acting and reading through a coach's browser; headers of every answer.

While there is no sign-in, whoever can send a request is the coach. So a browser that shows another site's page must not
be led here: `SameOriginOnly` refuses what such a page sends, and `KnownHostsOnly` what it sends after its own name was
made to point at this machine (DNS rebinding), when a browser takes us for that site.
"""

import uuid
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ApiProblem
from store.refusals import is_loopback
from store.settings import settings

NO_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
DOCS_POLICY = (  # Swagger UI starts from a script in its page; everything else comes from here
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOriginOnly:
    """Refuses requests that change something and come from another site's page.

    A browser says where a request comes from (`Sec-Fetch-Site`, else `Origin`) and no page can forge it; programs such
    as curl send neither and pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        scope["desk.reference"] = reference = uuid.uuid4().hex[:12]
        told: dict[str, str] = scope.setdefault("desk.headers", {})  # what is found out of the caller on the way

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**security_headers(scope["path"]), "X-Request-Id": reference, **told}.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["method"] not in READING and from_elsewhere(Headers(scope=scope)):
            refusal = ApiProblem(
                403,
                "cross-site-request",
                "This request came from another web site, so it was refused.",
                "Open the dashboard itself to do this.",
            )
            await refusal.response()(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


class KnownHostsOnly:
    """Refuses requests whose `Host` is none of this desk's names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_our_host(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
            return
        refusal = ApiProblem(
            421,
            "host-not-allowed",
            "This desk is not served under this name.",
            "Open it under the address that operations gave you. Operations can list more names in ALLOWED_HOSTS.",
        )
        await refusal.response()(scope, receive, send)


def security_headers(path: str) -> dict[str, str]:
    """What every answer says to a browser: nothing is guessed, framed, referred to or run, but for the docs' page."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": DOCS_POLICY if path.endswith("/docs") else NO_POLICY,
    }
    if settings().public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def is_our_host(header: str) -> bool:
    """Whether a `Host` header names this desk, at any port: as listed, or as a name that means this machine alone."""
    bound = settings().bind_host
    listed = {name.strip().rstrip(".").lower() for name in settings().allowed_hosts.split(",")} - {""}
    if not listed and not is_loopback(bound):
        return True
    public = urlsplit(settings().public_url).hostname or bound
    try:
        name = (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:  # no address at all
        return False
    return name in {*listed, bound.lower(), public.lower()} or is_loopback(name)


def is_from_a_page_of_ours(headers: Headers) -> bool:
    """Whether a browser says so: what changes something by a cookie needs more than that nothing speaks against it."""
    if headers.get("sec-fetch-site") is None and headers.get("origin") is None:
        return False
    return not from_elsewhere(headers)


def from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another origin's page sent this, a neighbour on the same host included."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    except ValueError:  # no address at all
        return True
