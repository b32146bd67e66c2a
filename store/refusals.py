"""Settings with which the product must not start, since strangers would get in."""

import ipaddress

from store.settings import Settings, settings

SHORTEST_SECRET = 32
NEEDED = ("oidc_client_id", "oidc_client_secret", "oidc_cookie_secret", "public_url", "oidc_allowed_domains")


class UnsafeSettings(RuntimeError):
    """With these settings the product does not start."""


def check() -> None:
    """UnsafeSettings, in sentences that say what to set, unless this process may start."""
    if found := refusals(settings()):
        raise UnsafeSettings(" ".join(found))


def refusals(configured: Settings) -> list[str]:
    """A sentence for each reason not to start; no setting's value is in them."""
    if not configured.sign_in:
        if is_loopback(configured.bind_host):
            return []
        return [
            "Without sign-in everyone who reaches this desk is its one coach, so it listens on loopback only: set "
            "BIND_HOST=127.0.0.1, or set up sign-in (OIDC_ISSUER and the settings beside it, see docs/sign-in.md)."
        ]
    missing = [name.upper() for name in NEEDED if not getattr(configured, name)]
    found = [f"Sign-in is set up by OIDC_ISSUER, but it needs also: {', '.join(missing)}."] if missing else []
    if 0 < len(configured.oidc_cookie_secret) < SHORTEST_SECRET:
        found.append(
            f"OIDC_COOKIE_SECRET is shorter than {SHORTEST_SECRET} characters: make one with "
            "`python -c 'import secrets; print(secrets.token_hex(32))'`."
        )
    if configured.public_url and not configured.public_url.startswith(("https://", "http://")):
        found.append("PUBLIC_URL has to begin with https:// (or http:// on this machine).")
    return found


def open_queue_dashboard(configured: Settings) -> list[str]:
    """The sentence against rq-dashboard open to the network: it shows every job, and our sign-in does not reach it."""
    if is_loopback(configured.bind_host) or (configured.rq_dashboard_username and configured.rq_dashboard_password):
        return []
    return ["rq-dashboard would be open to the network: set RQ_DASHBOARD_USERNAME and RQ_DASHBOARD_PASSWORD."]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
