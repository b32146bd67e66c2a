"""What people and programs ask of a desk with many sessions: by the product's own functions, named."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select

from bench.worlds.million_rows import COACH, OLD, RARE
from jobs import board, cards, history, reconcile, speed_view, stalled_board
from jobs.policy import Person
from store import claims, parking, repair_queries
from store.database import database_now, transaction
from store.history_cursor import Cursor, write_cursor
from store.history_kinds import Order
from store.history_queries import FINISHED, HistoryFilter, Sort, SortBy
from store.schema import CoachingSession
from store.scope import Role
from store.settings import settings
from store.states import FINAL, Status

ROWS = 25  # as pages/history.py shows
PEOPLE = {
    "ops": Person("bench-ops", "ops", "", Role.OPS),
    "coach": Person(COACH, COACH, "", Role.COACH),
}
SORTS = [Sort(by, descending) for by in SortBy for descending in (True, False)]
COLUMNS = {SortBy.TITLE: "title_folded", SortBy.DURATION: "duration_total", SortBy.SPEED: "speed"}
COLUMNS |= {SortBy.CREATED: "created_at", SortBy.FINISHED: "finished_at", SortBy.PROCESSING: "processing_sec"}
TEXTS = ("review", "in", "z", "zq", "qqqqq", "Zoe 99", RARE, OLD, "leading a new team ines")
Questions = dict[str, Callable[[], object]]


def history_pages() -> Questions:
    """Every order, its first page and one from the middle; every filter, by the newest and by the fastest."""
    asked: Questions = {}
    for who, person in PEOPLE.items():
        for sort in SORTS:
            asked[f"{who}, {sort.word}"] = partial(history.page, person, FINISHED, sort, None, ROWS)
            asked[f"{who}, {sort.word}, deep"] = partial(history.page, person, FINISHED, sort, _middle(sort, who), ROWS)
        for name, which in _filters().items():
            for word in ("-created", "-speed"):
                sort = Sort.from_word(word)
                asked[f"{who}, {name}, {word}"] = partial(history.page, person, which, sort, None, ROWS)
    return asked


def searches() -> Questions:
    """Common words and rare ones, some that nobody used, and fragments, by the newest and by the fastest."""
    return {
        f"{who}, {text!r}, {word}": partial(
            history.page, person, HistoryFilter(FINAL, text=text), Sort.from_word(word), None, ROWS
        )
        for who, person in PEOPLE.items()
        for text in TEXTS
        for word in ("-created", "-speed")
    }


def active_lists() -> Questions:
    return {
        "a coach's cards": partial(cards.cards, PEOPLE["coach"]),
        "a coach's sessions": partial(board.my_sessions, PEOPLE["coach"]),
        "everybody's sessions": partial(board.my_sessions, None),
    }


def stalled_pages() -> Questions:
    return {"ops": partial(stalled_board.stalled_board, PEOPLE["ops"])}


def speed_pages(*, anew: bool = False) -> Questions:
    """Of each range of time; `anew` as the first viewer has it after the statistics have changed."""

    def ask(days: int, person: Person) -> object:
        if anew:
            speed_view.forget()
        return speed_view.speed(days, person)

    return {
        f"{who}, {days} days": partial(ask, days, person) for who, person in PEOPLE.items() for days in (1, 7, 31, 90)
    }


def programs() -> Questions:
    """What the API, workers and reconcilers ask all the time."""
    with transaction() as db:
        some = list(db.scalars(select(CoachingSession.id).where(CoachingSession.owner == COACH).limit(20)))

    def in_transaction(ask: Callable[..., object], *values: object) -> Callable[[], object]:
        def asked() -> object:
            with transaction() as db:
                return ask(db, *values)

        return asked

    def claim() -> object:
        with transaction() as db:
            found = claims.next_turn(db)
            db.rollback()
        return found

    return {
        "status of one": partial(board.sessions, some[:1], PEOPLE["coach"]),
        "status of a batch": partial(board.sessions, some, PEOPLE["coach"]),
        "one session": partial(cards.detail, some[0], PEOPLE["coach"]),
        "claim": claim,
        "doorbells": in_transaction(claims.due_count),
        "soonest": in_transaction(repair_queries.soonest_due_sec),
        "lost": in_transaction(repair_queries.lost_sessions, settings().lease_sec),
        "late": in_transaction(repair_queries.past_deadline, 10.0, reconcile.DEADLINE_GRACE_SEC),
        "parked": partial(_rolled_back, parking.take_parked),
    }


def _rolled_back(take: Callable[..., object]) -> None:
    with transaction() as db:
        take(db, worker="bench", job_id="bench")
        db.rollback()


def _filters() -> dict[str, HistoryFilter]:
    with transaction() as db:
        now = database_now(db)
    day, month, old = (now - timedelta(days=days) for days in (201, 230, 200))
    failed, cancelled = frozenset({Status.FAILED}), frozenset({Status.CANCELLED})
    return {
        "any state": HistoryFilter(),
        "failed": HistoryFilter(failed),
        "cancelled of one engine": HistoryFilter(cancelled, engine="google"),
        "an engine that nobody used": HistoryFilter(FINAL, engine="unused"),
        "a day": HistoryFilter(FINAL, since=day, until=old),
        "a month": HistoryFilter(FINAL, since=month, until=old),
        "before a day": HistoryFilter(FINAL, until=old),
        "failed on a day": HistoryFilter(failed, since=day, until=old),
        "under way": HistoryFilter(frozenset({Status.PENDING, Status.PROCESSING})),
    }


def _middle(sort: Sort, who: str) -> str:
    """The cursor of the session in the middle of all that this person sees."""
    key = Order(COLUMNS[sort.by], sort.descending).key
    theirs = [] if who == "ops" else [CoachingSession.owner == COACH]
    seen = select(CoachingSession.id, key.label("key")).where(key.is_not(None), *theirs)
    with transaction() as db:
        number = db.scalars(select(func.count()).select_from(seen.subquery())).one()
        row = db.execute(seen.order_by(key).offset(number // 2).limit(1)).first()
    return write_cursor(sort.word, Cursor(row.key, row.id, True)) if row else ""


def everything() -> Questions:
    """All of it, for a look at the plans."""
    return {
        **history_pages(),
        **searches(),
        **active_lists(),
        **stalled_pages(),
        **speed_pages(anew=True),
        **programs(),
    }
