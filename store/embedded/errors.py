"""What can go wrong with an embedded server."""


class ServerError(Exception):
    """An embedded server cannot run."""


class StopRequestedError(Exception):
    """A signal asked us to stop while the servers were still starting."""
