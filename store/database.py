"""Connections to Postgres: one engine a process, and transactions that bear its absence with a deadline."""

import select as sockets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

from store import changes, slow_queries
from store.scope import Role, Scope
from store.settings import settings

ROLES = {Role.COACH: "transcript_coach", Role.OPS: "transcript_ops"}  # as the migrations make them
ON_BEHALF = text("SELECT set_config('role', :role, true), set_config('desk.account', :account, true)")
STATEMENT_TIMEOUT_MS = 15_000  # half the lease: a blocked statement must not cost a worker its claim
PRODUCT = "transcript-desk"
_shown_as = PRODUCT


def name_program(name: str) -> str:
    """Show this process's connections in pg_stat_activity as the name it returns; call it before the first one."""
    global _shown_as
    _shown_as = shown_as(name)
    return _shown_as


def shown_as(program: str) -> str:
    """What `name_program` makes of a program's name: the application_name of its connections."""
    return f"{PRODUCT} {program}"


def shown_now() -> str:
    """What this process's connections are called in pg_stat_activity."""
    return _shown_as


@cache
def engine() -> Engine:
    """The engine of this process for `DATABASE_URL`; RuntimeError, saying what to do, when there is none."""
    url = settings().database_url
    if not url:
        raise RuntimeError("DATABASE_URL is not set: run the command under `python -m store.embedded --`, or set it.")
    made = create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        hide_parameters=True,  # titles and words must not come into logs with an error
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        connect_args={
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "application_name": _shown_as,
            "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=10000"
            " -c idle_in_transaction_session_timeout=15000"
            # Answers take milliseconds: to start a second process, or a compiler, takes longer than it saves
            " -c max_parallel_workers_per_gather=0 -c jit=off"
            " -c random_page_cost=1.1"  # memory or a solid-state disk, not a head that has to move
            " -c plan_cache_mode=force_generic_plan",  # for what store/one_round_trip.py prepares
        },
    )
    slow_queries.watch(made, _shown_as)

    @event.listens_for(made, "checkout")
    def still_there(connection: Any, *_: Any) -> None:
        """A connection that the server has closed says so at its socket; `pool_pre_ping` asks for a round trip."""
        if connection.closed or (_has_news(connection) and not _answers(made, connection)):
            raise DisconnectionError  # the pool connects anew

    return made


def _has_news(connection: Any) -> bool:
    """Whether something has arrived since the last answer: the end of the connection, or a notice."""
    waiting = sockets.poll()
    waiting.register(connection.fileno(), sockets.POLLIN)
    return bool(waiting.poll(0))


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.dbapi.Error:  # type: ignore[union-attr]  # psycopg2 is there
        return False


@contextmanager
def transaction(scope: Scope | None = None) -> Iterator[Session]:
    """A SQLAlchemy session, always called `db`, that commits at the end and rolls back on any error.

    With a `scope` row-level security shows and takes only what that person may have, whatever a statement forgets;
    without one it is the product itself, which sees everything.
    """
    with Session(engine(), expire_on_commit=False) as db:
        try:
            with db.begin():
                if scope is not None:
                    db.execute(ON_BEHALF, {"role": ROLES[scope.role], "account": scope.account_id})
                yield db
        finally:
            changes.ended(db)


def database_now(db: Session) -> datetime:
    """The database's clock, not the transaction's start: two hosts with different clocks see the same time."""
    now: datetime = db.scalars(select(func.clock_timestamp())).one()
    return now


def forget_connections() -> None:
    """Close this process's pooled connections; call it before a fork, since a connection cannot be shared."""
    if engine.cache_info().currsize:
        engine().dispose()
