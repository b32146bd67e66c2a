"""The map of the app: the pages people see, and the API beside them on the same port.

Run it with `uvicorn dashboard:app --timeout-keep-alive 75` (as `make run` does). `streamlit run dashboard.py` finds the
desk without the door before it: all the same, but answers on a session are not kept and have no ETag.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount
from streamlit import config

from api.app import api_app
from api.dashboard_door import DashboardDoor
from api.status_door import StatusDoor
from jobs.media import sandbox
from pages import mishap
from store import logs, migrations, refusals
from store.database import engine
from store.settings import settings

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Refuse to start where strangers would get in (UnsafeSettings), or on a schema that is not at head
    (SchemaNotAtHead): each says what mends it."""
    logs.configure()
    refusals.check()
    quieten_others()
    with engine().connect() as connection:
        migrations.check(connection)
    sandbox.preload()
    log.info("The dashboard is ready")
    yield {}


def quieten_others() -> None:
    """One form for all logs, and no line a request: Streamlit sets both for uvicorn's loggers when it is imported."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # where nobody listens, uvicorn does not even write the line
    logging.getLogger("streamlit.error_util").disabled = True  # it would log a page's error twice, and unredacted


def sign_in_secrets() -> dict[str, Any]:
    """What `st.login` wants to find in secrets.toml; handed over in memory, so that no secret lies in a file."""
    known = settings()
    if not known.sign_in:
        return {}
    return {
        "auth": {
            "redirect_uri": known.oidc_redirect_uri,
            "cookie_secret": known.oidc_cookie_secret,
            "client_id": known.oidc_client_id,
            "client_secret": known.oidc_client_secret,
            "server_metadata_url": known.oidc_metadata_url,
        }
    }


def configure_streamlit() -> None:
    """What .streamlit/config.toml cannot know: where people come from, and what signs the state of a sign-in."""
    if settings().public_url:
        config.set_option("server.corsAllowedOrigins", [settings().public_url.rstrip("/")])
    if settings().oidc_cookie_secret:
        config.set_option("server.cookieSecret", settings().oidc_cookie_secret)


configure_streamlit()
desk = st.App(
    Path(__file__).resolve().parent / "pages" / "navigation.py",
    secrets=sign_in_secrets(),
    routes=[Mount("/api", app=api_app)],
    middleware=[Middleware(DashboardDoor, index=Path(st.__file__).parent / "static" / "index.html")],
    lifespan=lifespan,
    on_script_error=mishap.say,
)
app = StatusDoor(desk)  # outside of all else: what clients poll must not cost the way through Streamlit's layers
