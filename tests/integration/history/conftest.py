"""A transaction, and sessions in every state with ties in every order."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from store.database import transaction
from tests.instruments import history


@pytest.fixture
def db() -> Iterator[Session]:
    with transaction() as session:
        yield session


@pytest.fixture
def many(db: Session) -> list[uuid.UUID]:
    return history.many(db)
