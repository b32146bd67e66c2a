"""A desk with sign-in in front of a real identity provider, and people who sign in with their browsers."""

import socket
from collections.abc import Callable
from contextlib import suppress

import httpx
from playwright.sync_api import Page, expect

from tests.instruments.desk import Desk
from tests.instruments.waiting import wait_until

SECRET = "a-cookie-secret-of-64-characters-for-tests-only-0123456789abcdef"
CLIENT_SECRET = "canary-client-secret"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Provider:
    """The identity provider, and what the desk has to know of it."""

    def __init__(self, desk: Desk) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        desk.start("tests.instruments.identity_provider", IDENTITY_PORT=str(port))

        def answers() -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(f"{self.address}/.well-known/openid-configuration").is_success
            return False

        wait_until(answers)

    def knows(self, name: str, /, **claims: object) -> None:
        """Somebody with a verified address at example.org, unless told otherwise."""
        facts = {"email": f"{name}@example.org", "email_verified": True, "name": name.title(), **claims}
        httpx.put(f"{self.address}/users/{name}", json=facts).raise_for_status()

    def settings(self, desk_address: str) -> dict[str, str]:
        return {
            "OIDC_ISSUER": self.address,
            "OIDC_CLIENT_ID": "transcript-desk",
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_COOKIE_SECRET": SECRET,
            "OIDC_ALLOWED_DOMAINS": "example.org",
            "OPS_EMAILS": "olga@example.org",
            "PUBLIC_URL": desk_address,
        }


def sign_in(page: Page, name: str) -> Page:
    """From the sign-in page to the dashboard, as this person; wherever it leads."""
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill(name)
    page.get_by_role("button", name="Authorize").click()
    return page


def signed_in(visit: Callable[..., Page], name: str, path: str = "/", **look: int) -> Page:
    """A browser of this person's own, in which they have signed in."""
    page = sign_in(visit(path, **look), name)
    expect(page.get_by_role("button", name=name.title(), exact=True).first).to_be_visible()
    return page
