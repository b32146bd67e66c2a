"""The map of the app: the pages people see, and the API beside them on the same port.

Run it with `uvicorn dashboard:app --timeout-keep-alive 75` (as `make run` does) or `streamlit run dashboard.py`.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.routing import Mount

from api.app import api_app
from jobs.media import sandbox
from store import logs, migrations, refusals
from store.database import engine

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Refuse to start where strangers would get in (UnsafeSettings), or on a schema that is not at head
    (SchemaNotAtHead): each says what mends it."""
    logs.configure()
    refusals.check()
    quieten_uvicorn()
    with engine().connect() as connection:
        migrations.check(connection)
    sandbox.preload()
    log.info("The dashboard is ready")
    yield {}


def quieten_uvicorn() -> None:
    """One form for all logs, and no line a request: Streamlit sets both for uvicorn's loggers when it is imported."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True


app = st.App(
    Path(__file__).resolve().parent / "pages" / "navigation.py",
    routes=[Mount("/api", app=api_app)],
    lifespan=lifespan,
)
