"""Keeps other web sites from acting through a coach's browser while there is no sign-in; headers of every answer."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ApiProblem

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

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
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
