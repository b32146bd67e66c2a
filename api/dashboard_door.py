"""What stands before the dashboard's own pages: who may connect, what browsers may do with them, and its cookies.

Streamlit accepts a WebSocket from every page of `localhost`, whatever its port, asks the internet for this machine's
address to compare with others, and sets its cookies without `Secure`: so each is seen to here, before and after it.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.safety import is_our_host
from store.settings import settings

API = "/api"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
SIGNED_IN_COOKIES = re.compile(r"_streamlit_user(_tokens)?(_\d+)?=")
OURS = re.compile(r"_streamlit_")
MAX_AGE = re.compile(r"max-age=(\d+)", re.IGNORECASE)
WANTED = "desk_wanted"  # the page that somebody asked for before they signed in
WANTED_SEC = 600
POLICY_VIOLATION = 1008


class DashboardDoor:
    """Middleware around the pages; the API under `/api` has its own. `index` is the page that everything starts from:
    the scripts written into it are the only ones of their kind that may run."""

    def __init__(self, app: ASGIApp, index: Path) -> None:
        self.app = app
        self.headers = security_headers(INLINE_SCRIPT.findall(index.read_text()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] not in {"http", "websocket"} or path == API or path.startswith(f"{API}/"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_desk(headers.get("host", "")):
            await refuse(scope, receive, send, "Open the dashboard by its own name; see ALLOWED_HOSTS and PUBLIC_URL.")
        elif scope["type"] == "websocket" and not is_own_page(headers):
            await refuse(scope, receive, send, "")
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:

            async def guarded(message: Message) -> None:
                if message["type"] == "http.response.start":
                    answer = MutableHeaders(scope=message)
                    for name, value in self.headers.items():
                        answer[name] = value
                    harden_cookies(answer)
                    lead_back(path, headers, answer)
                await send(message)

            await self.app(scope, receive, guarded)


def security_headers(inline_scripts: Iterable[str]) -> dict[str, str]:
    """What every page says to a browser. Components' scripts are blobs, charts need no `eval`, styles are inline."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in inline_scripts
    )
    headers = {
        "Content-Security-Policy": f"default-src 'self'; script-src 'self' blob: {hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    if is_https():
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def is_https() -> bool:
    return settings().public_url.startswith("https://")


def is_desk(host: str) -> bool:
    """Whether a `Host` header names this desk: as PUBLIC_URL does, or as the API accepts it."""
    public = urlsplit(settings().public_url).netloc.lower()
    return (bool(public) and host.lower() == public) or is_our_host(host)


def is_own_page(headers: Headers) -> bool:
    """Whether a WebSocket comes from a page of this desk. Browsers always say; a program that does not is no page."""
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        asked_by, public = urlsplit(origin.lower()), urlsplit(settings().public_url.lower())
    except ValueError:  # no address at all
        return False
    if public.netloc and (asked_by.scheme, asked_by.netloc) == (public.scheme, public.netloc):
        return True
    return asked_by.scheme in {"http", "https"} and asked_by.netloc == headers.get("host", "").lower()


def harden_cookies(answer: MutableHeaders) -> None:
    """Streamlit's cookies: `Secure` where people come by https, and no older than a sign-in may be."""
    cookies = answer.getlist("set-cookie")
    if not cookies:
        return
    del answer["set-cookie"]
    longest = int(settings().session_hours * 3600)
    for cookie in cookies:
        if SIGNED_IN_COOKIES.match(cookie):
            cookie = MAX_AGE.sub(lambda found: f"Max-Age={min(int(found[1]), longest)}", cookie)
        if OURS.match(cookie) and is_https() and "; secure" not in cookie.lower():
            cookie = f"{cookie}; Secure"
        answer.append("set-cookie", cookie)


def lead_back(path: str, asked: Headers, answer: MutableHeaders) -> None:
    """After signing in, to the page that was asked for: Streamlit itself always leads to the first one."""
    if path.endswith("/auth/login"):
        came_from = urlsplit(asked.get("referer", ""))
        if came_from.netloc.lower() == asked.get("host", "").lower() and came_from.path + came_from.query != "/":
            wanted = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
            answer.append("set-cookie", _wanted(quote(wanted, safe=""), WANTED_SEC))
    elif path.endswith("/oauth2callback"):
        wanted = unquote(cookie_parser(asked.get("cookie", "")).get(WANTED, ""))
        if wanted:
            answer.append("set-cookie", _wanted("", 0))
        if is_page_here(wanted) and answer.get("location") == "/":
            answer["location"] = wanted


def is_page_here(wanted: str) -> bool:
    """Whether this is a path of this desk and nothing that a browser would read as another site."""
    return re.fullmatch(r"/[A-Za-z0-9_-]+(\?[\w=&%.+~:-]*)?|/\?[\w=&%.+~:-]+", wanted) is not None


def _wanted(value: str, seconds: int) -> str:
    secure = "; Secure" if is_https() else ""
    return f"{WANTED}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"


async def refuse(scope: Scope, receive: Receive, send: Send, sentence: str) -> None:
    """A closed connection before it was one (browsers see 403), or 400 with the sentence."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
    else:
        await PlainTextResponse(sentence, status_code=400)(scope, receive, send)
