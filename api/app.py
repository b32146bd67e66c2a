"""The map of the API. `api_app` is mounted under /api by the dashboard; `app` is the same alone, at the same paths."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from api import audio, audit, health, new_sessions, sessions, speakers, transcripts, uploads
from api.documentation import describe
from api.problem_handlers import HANDLERS
from api.safety import KnownHostsOnly, SameOriginOnly
from api.status_door import StatusDoor
from jobs.media import sandbox
from store import logs, migrations, refusals
from store.database import engine

api_app: FastAPI = FastAPIOffline(  # the documentation's assets come from here, not from a CDN
    title="Transcript Desk",
    version="1",
    docs_url="/docs",
    redoc_url=None,
    exception_handlers=HANDLERS,
    redirect_slashes=False,
    swagger_ui_parameters={"validatorUrl": None},
)
for room in (sessions, new_sessions, transcripts, speakers, audio, uploads, audit, health):
    api_app.include_router(room.router)
api_app.add_middleware(KnownHostsOnly)
api_app.add_middleware(SameOriginOnly)  # the outer one: its headers are on every answer
describe(api_app)


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Refuse to start where strangers would get in (UnsafeSettings), or on a schema that is not at head
    (SchemaNotAtHead): each says what mends it."""
    logs.configure()
    refusals.check()
    with engine().connect() as connection:
        migrations.check(connection)
    sandbox.preload()
    yield


app = Starlette(
    routes=[Mount("/api", app=api_app), Route("/", lambda _request: RedirectResponse("/api/docs"))],
    middleware=[Middleware(StatusDoor)],
    exception_handlers=HANDLERS,
    lifespan=lifespan,
)
