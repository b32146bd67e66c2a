"""The cookie that the dashboard's sign-in has set in this browser, read without Streamlit.

`st.login` puts the identity token's claims into `_streamlit_user`, signed by itsdangerous, in pieces
when it is long. A test holds this and the installed Streamlit together.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer

from store.settings import settings

NAME = "_streamlit_user"
MOST_PIECES = 16
PIECES = re.compile(r"chunks-(\d{1,2})")


def claims_in(cookies: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The claims of whoever signed in here; None without a cookie, or with one that is not ours, forged or too old."""
    whole = _signed(cookies, NAME)
    if whole is not None and (pieces := PIECES.fullmatch(whole)):
        count = int(pieces[1])
        parts = [_signed(cookies, f"{NAME}_{number + 1}") for number in range(min(count, MOST_PIECES))]
        whole = None if count > MOST_PIECES or None in parts else "".join(part for part in parts if part)
    try:
        claims = json.loads(whole or "")
    except ValueError:
        return None
    if not isinstance(claims, dict) or claims.get("is_logged_in") is not True:
        return None
    return claims if claims.get("origin") == _origin(settings().public_url) else None


def _signed(cookies: Mapping[str, str], name: str) -> str | None:
    secret = settings().oidc_cookie_secret
    if not secret or not cookies.get(name):
        return None
    try:
        value = URLSafeTimedSerializer(secret, salt=name).loads(
            cookies[name], max_age=int(settings().session_hours * 3600)
        )
    except BadData:
        return None
    return value if isinstance(value, str) else None


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
