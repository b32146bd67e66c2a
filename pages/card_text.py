"""What is read on a session's card, as one text: its state, how far it is, what is known of its time, and why."""

from html import escape

from jobs.cards import Card
from jobs.durations import ago, clock, roughly
from jobs.session_view import SessionView
from pages import viewer
from pages.plain import plain
from store.states import Status
from store.transcript_queries import Line

BASES = {
    "measured": "progress measured",
    "reported": "progress as the service reports it",
    "estimated": "progress estimated from the time",
}


def text(card: Card, *, words: bool = True) -> str:
    """Markdown with HTML, all of it in one element: each costs each of its viewers about 0.2 ms a refresh."""
    view = card.view
    lines = _words(card.words) if words else []
    return "\n\n".join([_badges(view), *_how_far(view), _facts(card), *lines, *_reasons(card)])


def _known(card: Card) -> list[str]:
    """What is known of the session's time, in the order in which a coach asks for it; no promise where nobody comes."""
    view = card.view
    if view.status is Status.COMPLETED:
        took = roughly(view.processing_sec) if view.processing_sec else None
        finished = viewer.day_and_time(view.finished_at, now=view.as_of) if view.finished_at else None
        told = [
            f"{clock(view.duration_total)} of audio",
            view.draft_text,
            took and f"processed in {took}",
            view.speed_text,
            finished and f"finished {finished}",
        ]
        return [fact for fact in told if fact]
    known = [f"{view.audio_text} of audio done"]
    if view.place and view.status is Status.PENDING:
        known.append(f"{view.place.text} in the queue")
    if view.status is Status.PENDING:
        known.append(f"{view.priority} priority")
    if view.remaining_text and view.estimated_completion and not view.stalled and not card.note:
        known.append(f"{view.remaining_text} left")
        known.append(_ready(view))
    if view.status is Status.PROCESSING:
        known.append(BASES[view.basis])
    known.append(f"updated {ago(view.updated_ago_sec)}")
    return known


def _ready(view: SessionView) -> str:
    """`Ready 14:32–14:41 (8 times out of 10), from 46 similar sessions`, or one time that is a rough estimate."""
    if view.ready_from is None or view.ready_to is None:
        about = viewer.day_and_time(view.estimated_completion or view.as_of, now=view.as_of)
        return f"ready about {about} (rough estimate)"
    first, last = (viewer.day_and_time(moment, now=view.as_of) for moment in (view.ready_from, view.ready_to))
    between = first if first == last else f"{first}–{last}"
    return f"Ready {between} (8 times out of 10), from {view.similar_sessions} similar sessions"


def _badges(view: SessionView) -> str:
    badges = [f":{view.look.colour}-badge[{view.look.icon} {view.look.label}]"]
    if view.stalled:
        badges.insert(0, ":red-badge[:material/report: Stalled]")
    elif view.overdue:
        badges.insert(0, ":orange-badge[:material/hourglass_bottom: Taking longer than expected]")
    return " ".join(badges)


def _how_far(view: SessionView) -> list[str]:
    """The percentage in words and as a bar, which has the theme's colour unless its state has one of its own."""
    percent = view.progress
    return [
        f'<p class="how-far"><strong>{percent} %</strong> · {escape(view.message)}</p>',
        f':primary[<span class="bar {view.look.colour}" role="progressbar" aria-label="progress" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent}" aria-valuetext="{percent}%">'
        f'<span style="width: {percent}%"></span></span>]',
    ]


def _facts(card: Card) -> str:
    return f'<p class="facts">{" ".join(f"<span>{escape(fact)}</span>" for fact in _known(card))}</p>'


def _words(lines: list[Line]) -> list[str]:
    """On one line of HTML: an empty one would end it, and what follows would be read as Markdown."""
    said = "<br>".join(escape(" ".join(line.text.split())) for line in lines)
    return [f'<p class="words">{said}</p>'] if said else []


def _reasons(card: Card) -> list[str]:
    """Why it is as it is, where that changes from one refresh to the next or needs no more than a line."""
    view = card.view
    found = []
    if view.status is not Status.FAILED:
        for sentence in view.notices:
            icon = "content_cut" if sentence == view.notice else "info"
            found.append(f":material/{icon}: {plain(sentence)}")
    if view.status is Status.PENDING and view.cause and not card.note:
        found.append(f":material/info: {plain(view.cause)}")
    if view.stalled:
        found.append(f":material/report: {plain(view.evidence)} Another worker takes over by itself.")
    elif view.overdue:
        found.append(f":material/hourglass_bottom: {plain(view.overdue_text or '')} {plain(view.recommended)}")
    return [f":small[:gray[{reason}]]" for reason in found]
