"""What the web process does not log."""

import logging

from dashboard import quieten_others


def test_no_line_a_request_is_put_together() -> None:
    """uvicorn writes it only where somebody listens."""
    access = logging.getLogger("uvicorn.access")
    access.addHandler(logging.NullHandler())
    quieten_others()
    assert not access.hasHandlers()
