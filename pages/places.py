"""Every page there is, and whom it is for."""

from dataclasses import dataclass

from jobs import policy
from jobs.policy import Action, Person


@dataclass(frozen=True)
class Place:
    """A page. `needs` is what its reader must be allowed; `own` pages are about the reader's own account."""

    file: str
    title: str
    icon: str
    needs: Action | None = None
    own: bool = False
    linked: bool = False  # reached by links only

    def is_open_to(self, person: Person) -> bool:
        return self.needs is None or policy.may(person, self.needs)

    def is_listed_for(self, person: Person) -> bool:
        """Whether the navigation shows it; without sign-in there are no accounts to look at."""
        about_accounts = self.own or self.needs is Action.PEOPLE
        return self.is_open_to(person) and not self.linked and not (person.local and about_accounts)


PLACES = (
    Place("my_sessions.py", "My sessions", "mic"),
    Place("session.py", "Session", "description", linked=True),
    Place("history.py", "History", "history"),
    Place("speed.py", "Speed", "speed"),
    Place("stalled.py", "Stalled jobs", "report", needs=Action.MEND),
    Place("people.py", "People", "group", needs=Action.PEOPLE),
    Place("audit.py", "Audit", "fact_check", needs=Action.AUDIT),
    Place("help.py", "Help", "help"),
    Place("account.py", "Account", "account_circle", own=True),
    Place("sign_out.py", "Sign out", "logout", own=True),
)
HOME = PLACES[0]
EVERYBODY, OPERATIONS = "", "Operations"


def section(place: Place, person: Person) -> str:
    """Under which heading the navigation has it: operations' work, and last what is the reader's own."""
    if place.own and not person.local:
        return person.name
    return OPERATIONS if place.needs else EVERYBODY
