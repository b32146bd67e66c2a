"""Sessions: one, many, their past, and what a person may do to them."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.answers import SessionAnswer, SessionList, Statuses
from api.list_query import Which
from api.past_answers import AttemptAnswer, HistoryLine, SessionHistory
from api.people import Caller
from api.problems import documented, unknown_session
from jobs import board, retry_cancel
from jobs.policy import on_behalf_of, scope_of
from store import history_queries, session_queries, timeline_queries

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"])
MOST_IDS = 200
ONE_SESSION: dict[
    int | str, dict[str, Any]
] = {  # answered by the door before the app (api/status_door.py), which adds the ETag
    304: {"description": "Nothing but `as_of` has changed since the answer whose ETag was sent as If-None-Match"},
    **documented(404, 422, 503),
}


@router.get("", summary="History, page by page", responses=documented(422, 503))
def list_sessions(which: Which, person: Caller) -> SessionList:
    """The newest first unless sorted otherwise. Ask for the next page with `cursor` = `next`, all else the same."""
    with on_behalf_of(person) as db:
        wanted = which.filter(scope_of(person))
        found = history_queries.page(db, wanted, which.order(), which.cursor, which.limit)
    views = board.views(found.records)
    return SessionList(items=[SessionAnswer.of(view) for view in views], next=found.next)


@router.get("/status", summary="The status of many sessions", responses=documented(422, 503))
def statuses(
    ids: Annotated[list[uuid.UUID], Query(alias="id", min_length=1, max_length=MOST_IDS)], person: Caller
) -> Statuses:
    """In the order of the ids, each once."""
    views = board.sessions(ids, person)
    known = {view.session_id for view in views}
    unknown = [session_id for session_id in dict.fromkeys(ids) if session_id not in known]
    return Statuses(items=[SessionAnswer.of(view) for view in views], unknown=unknown)


@router.get("/{session_id:uuid}/status", summary="How far it is", responses=ONE_SESSION)
@router.get("/{session_id:uuid}", summary="One session", responses=ONE_SESSION)
def session(session_id: uuid.UUID, person: Caller) -> SessionAnswer:
    """The same facts at both addresses: everything that the session's page shows."""
    view = board.session(session_id, person)
    if view is None:
        raise unknown_session()
    return SessionAnswer.of(view)


@router.get("/{session_id:uuid}/history", summary="Its past", responses=documented(404, 422, 503))
def history(session_id: uuid.UUID, person: Caller) -> SessionHistory:
    """Every transition and stage, and every attempt, the oldest first."""
    with on_behalf_of(person) as db:
        if session_queries.by_id(db, session_id, owner=scope_of(person)) is None:
            raise unknown_session()
        return SessionHistory(
            session_id=session_id,
            history=[HistoryLine.of(row) for row in timeline_queries.status_history(db, session_id)],
            attempts=[AttemptAnswer.of(row) for row in timeline_queries.attempts(db, session_id)],
        )


@router.post("/{session_id:uuid}/retry", summary="Try again", responses=documented(403, 404, 409, 422, 503))
def retry(session_id: uuid.UUID, person: Caller) -> SessionAnswer:
    """Queues a failed or cancelled session again. What is finished of it is kept."""
    retry_cancel.retry(session_id, person=person)
    return session(session_id, person)


@router.post("/{session_id:uuid}/cancel", summary="Cancel", responses=documented(403, 404, 409, 422, 503))
def cancel(session_id: uuid.UUID, person: Caller) -> SessionAnswer:
    """Cancels a waiting or running session; a running engine stops within seconds."""
    retry_cancel.cancel(session_id, person=person)
    return session(session_id, person)


@router.delete("/{session_id:uuid}", status_code=204, summary="Delete", responses=documented(403, 404, 409, 422, 503))
def delete(session_id: uuid.UUID, person: Caller) -> None:
    """Removes the session, its transcript and its audio; not while it runs."""
    retry_cancel.delete(session_id, person=person)
