"""The tables of engines that a provider runs: their operations, and those that refuse this installation."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from store.schema import CLOCK, Base


class RemoteOperation(Base):
    """A stretch of a recording that a provider is to recognise, or did. It outlives its session, so that an operation
    of a deleted one is still cancelled: hence no foreign key.

    Planned, then intended (written before it is submitted), then accepted (it has a name), then ended with an outcome.
    """

    __tablename__ = "remote_operation"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    session_id: Mapped[uuid.UUID]
    engine: Mapped[str]
    start_sec: Mapped[float]
    end_sec: Mapped[float]
    audio_uri: Mapped[str]
    converted: Mapped[bool]  # the object was made for the provider, and goes when the session is done
    name: Mapped[str | None] = mapped_column(unique=True)
    percent: Mapped[int | None] = mapped_column(SmallInteger)  # as the provider reports it
    refusals: Mapped[int] = mapped_column(server_default="0")  # calls in a row that the provider did not serve
    created_at: Mapped[datetime] = mapped_column(server_default=CLOCK)
    intended_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # recognised, failed, gone, cancelled, or never (it was not accepted)

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="operation_ended"),
        CheckConstraint("outcome IN ('recognised', 'failed', 'gone', 'cancelled', 'never')", name="operation_outcome"),
        CheckConstraint("name IS NULL OR intended_at IS NOT NULL", name="operation_intended"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="operation_percent"),
        Index(
            "remote_operation_open",
            *("session_id", "engine", "start_sec"),
            unique=True,  # never two at a time for the same stretch
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("remote_operation_session", "session_id"),
        Index("remote_operation_audio", "audio_uri"),
    )


class EngineStop(Base):
    """An engine that refuses this installation: nothing is claimed for it until `next_try_at`."""

    __tablename__ = "engine_stop"

    engine: Mapped[str] = mapped_column(primary_key=True)
    error_code: Mapped[str]
    error_text: Mapped[str]
    detail: Mapped[str | None]  # what the provider said, for operations
    since: Mapped[datetime] = mapped_column(server_default=CLOCK)
    next_try_at: Mapped[datetime]
