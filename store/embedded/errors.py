"""What can go wrong with an embedded server."""


class ServerError(Exception):
    """An embedded server cannot run."""


class ProgramError(ServerError):
    """A program cannot be run, is not what its name says, or is too old."""


class StopRequestedError(Exception):
    """A signal asked us to stop while the servers were still starting."""
