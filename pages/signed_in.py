"""Who is in front of the screen."""

from jobs.policy import Person, local_person


def person() -> Person:
    """The person of this browser session; without sign-in the one local person."""
    return local_person()
