"""The baselines: a bare Starlette route with constant JSON, and one that does the product's SELECT on its pool."""

import asyncio
import os
import uuid
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import bindparam
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from store.database import engine
from store.schema import CoachingSession
from store.session_queries import select_records

threads = ThreadPoolExecutor(int(os.environ.get("BARE_THREADS", "8")))
statement = select_records().where(CoachingSession.id == bindparam("id"))


async def constant(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def selected(request: Request) -> JSONResponse:
    session_id = uuid.UUID(request.path_params["session_id"])
    return JSONResponse(await asyncio.get_running_loop().run_in_executor(threads, select, session_id))


def select(session_id: uuid.UUID) -> dict[str, object]:
    with engine().connect() as connection:
        row = connection.execute(statement, {"id": session_id}).one()
    return {"session_id": str(row.id), "status": row.status, "progress": row.progress, "message": row.message}


app = Starlette(routes=[Route("/constant", constant), Route("/select/{session_id}", selected)])
