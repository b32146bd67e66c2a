"""Legal transitions only, an unbroken history, everything settled, and every failure explained."""

from collections.abc import Callable, Iterator
from itertools import pairwise, takewhile

from tests.faults.journal import Journal
from tests.faults.snapshot import AttemptRow, HistoryRow, SessionRow, Snapshot, Transition, by_session

Found = Iterator[tuple[str, str]]

FINAL = {"completed", "failed", "cancelled"}
# As issue 3 and docs/state-machine.md have it, written down once more: the checker must not believe the product
LEGAL = {
    (None, "pending"),
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("pending", "failed"),
    ("processing", "completed"),
    ("processing", "failed"),
    ("processing", "cancelled"),
    ("processing", "pending"),
    ("failed", "pending"),
    ("cancelled", "pending"),
}
POISON = "poison-session"
FRUITLESS_DEATHS = 3


def illegal(snapshot: Snapshot, journal: Journal) -> Found:
    """Whatever the state machine does not have, and histories that do not tell what happened."""
    transitions, history = by_session(snapshot.transitions), by_session(snapshot.history)
    attempts, looked = by_session(snapshot.attempts), by_session(snapshot.looks)
    for look in snapshot.looks:
        if not look.parked or look.claim_no != look.before + 1:
            yield look.session_id, f"claim {look.claim_no} took it from claim {look.before}, which held it"
    for session in snapshot.sessions:
        happened, told = transitions.get(session.id, []), history.get(session.id, [])
        looks = {look.claim_no for look in looked.get(session.id, [])}
        yield from _transitions(session, happened, looks)
        yield from _history(session, told, happened, looks)
        yield from _attempts(session, attempts.get(session.id, []))
    for write in snapshot.writes:
        if write.claim_no != write.holder:
            yield write.session_id, f"claim {write.claim_no} wrote a {write.kind} while {write.holder} was the claim"
        elif write.kind == "transcript_chunk" and write.status != "processing":
            yield write.session_id, f"a chunk was written while the session was {write.status}"
    for verb, state in (("cancel", "cancelled"), ("retry", "pending")):
        yield from _acts(snapshot, journal, verb, state)


def _transitions(session: SessionRow, happened: list[Transition], looks: set[int]) -> Found:
    before = None
    for transition in happened:
        if transition.before != before:
            yield session.id, f"it was {before} and then left {transition.before}"
        if (transition.before, transition.after) not in LEGAL:
            yield session.id, f"{transition.before} -> {transition.after}"
        before = transition.after
    if before != session.status:
        yield session.id, f"its last transition was to {before}, and it is {session.status}"
    for earlier, later in pairwise(happened):
        looked = len(looks & set(range(earlier.claim_no + 1, later.claim_no + 1)))
        if later.claim_no != earlier.claim_no + looked + (later.after == "processing"):
            yield session.id, f"its claim went from {earlier.claim_no} to {later.claim_no} as it became {later.after}"


def _history(session: SessionRow, told: list[HistoryRow], happened: list[Transition], looks: set[int]) -> Found:
    """Rows of the same status and claim are stages, also of a later look; the others have to be the transitions, one
    by one."""
    steps = [(row.status, row.claim_no) for row in told]
    changes = [
        step
        for previous, step in pairwise([None, *steps])
        if step != previous and not (previous and previous[0] == step[0] == "processing" and step[1] in looks)
    ]
    if changes != [(row.after, row.claim_no) for row in happened]:
        yield session.id, f"its history says {changes}, and what happened is {[row.after for row in happened]}"
    if any(later.created_at < earlier.created_at for earlier, later in pairwise(told)):
        yield session.id, "its history goes back in time"


def _attempts(session: SessionRow, attempts: list[AttemptRow]) -> Found:
    if [attempt.number for attempt in attempts] != list(range(1, session.attempt + 1)):
        yield session.id, f"it has attempts {[attempt.number for attempt in attempts]} and says {session.attempt}"
    for attempt in attempts:
        running = session.status == "processing" and attempt.number == session.attempt
        if running != (attempt.finished_at is None):
            yield (
                session.id,
                f"attempt {attempt.number} ended as {attempt.outcome}, and the session is {session.status}",
            )
    completed = [attempt for attempt in attempts if attempt.outcome == "completed"]
    if session.status == "completed" and [attempt.claim_no for attempt in completed] != [session.claim_no]:
        yield session.id, "the attempt that completed it is not the one that its claim names"


def _acts(snapshot: Snapshot, journal: Journal, verb: str, state: str) -> Found:
    """A confirmed cancellation or retry happened; none happened that nobody asked for."""
    sure, unclear = journal.count(verb, done=True), journal.count(verb, done=False)
    rows = by_session([row for row in snapshot.transitions if row.after == state and _by_hand(row)])
    for session_id in {session.id for session in snapshot.sessions} | {*sure, *unclear}:
        count = len(rows.get(session_id, []))
        least, most = sure.get(session_id, 0), sure.get(session_id, 0) + unclear.get(session_id, 0)
        if not least <= count <= most:
            yield session_id, f"{verb} was confirmed {least} times and happened {count} times"


def _by_hand(transition: Transition) -> bool:
    return transition.after == "cancelled" or transition.before in {"failed", "cancelled"}


def unsettled(snapshot: Snapshot, journal: Journal) -> Found:
    """Sessions that are not final, and clients whose upload never went through."""
    for session in snapshot.sessions:
        if session.status not in FINAL:
            yield session.id, f"it is still {session.status}, attempt {session.attempt}"
    for upload in journal.uploads:
        if upload.told_id is None:
            yield f"upload {upload.number}", f"never acknowledged in {upload.tries} tries. {upload.refused}"
    finished = {session.id: session.status for session in snapshot.sessions}
    for chunk in snapshot.chunks:
        if finished.get(chunk.session_id) == "completed":
            yield chunk.session_id, f"the chunk at {chunk.start_sec:.2f} s was left behind"


def unexplained(snapshot: Snapshot, max_failures: int) -> Found:
    """With faults of the infrastructure alone an attempt may fail for two reasons, and both have to be true; and what
    failed while faults fell has to be completed when somebody retries it after them."""
    attempts, writes = by_session(snapshot.attempts), by_session(snapshot.writes)
    for session in snapshot.sessions:
        ours = attempts.get(session.id, [])
        fruitful = {write.claim_no for write in writes.get(session.id, []) if write.kind == "transcript_chunk"}
        for number, attempt in enumerate(ours):
            if attempt.outcome != "failed":
                continue
            before = list(takewhile(lambda one: one.outcome not in {"failed", "cancelled"}, reversed(ours[:number])))
            deaths = 1 + sum(one.outcome == "lost" for one in takewhile(_without(fruitful), before))
            errors = 1 + sum(one.outcome == "retried" for one in before)
            if (deaths < FRUITLESS_DEATHS) if attempt.error_code == POISON else (errors < max_failures):
                yield session.id, f"failed as {attempt.error_code} after {deaths} deaths and {errors} errors"
        if session.status == "failed":
            yield session.id, f"failed as {session.error_code} although it was retried after the last fault"


def _without(fruitful: set[int]) -> Callable[[AttemptRow], bool]:
    return lambda attempt: attempt.claim_no not in fruitful
