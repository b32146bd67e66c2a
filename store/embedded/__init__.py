"""Postgres and Redis for one machine, from wheels: no root, no account, nothing to install.

`python -m store.embedded -- CMD…` runs CMD with `DATABASE_URL` and `REDIS_URL` exported, and starts only what is not
set.
"""

from store.embedded.errors import ServerError
from store.embedded.running import EmbeddedUrls, embedded_servers

__all__ = ["EmbeddedUrls", "ServerError", "embedded_servers"]
