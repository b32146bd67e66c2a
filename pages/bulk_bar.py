"""Retry or cancel everything that the filter finds, after a question that counts: for operations."""

import streamlit as st

from jobs import bulk, policy
from jobs.bulk import Bulk
from jobs.history import HistoryView
from jobs.policy import Action, Person
from pages import confirm
from store.history_queries import Counted, HistoryFilter

WORDS = {
    Bulk.RETRY: (
        "Retry all",
        "replay",
        "failed or cancelled",
        "wait their turn again; what is finished of them is kept",
    ),
    Bulk.CANCEL: ("Cancel all", "close", "waiting or running", "stop within seconds; they can be started again later"),
}


def draw(view: HistoryView, which: HistoryFilter, who: Person) -> None:
    """A button for each thing that some session of the filter allows; nothing when none does, or for a coach."""
    if not policy.may(who, Action.MEND):
        return
    with st.container(horizontal=True, key="bulk"):
        for what, count in ((Bulk.RETRY, view.retryable), (Bulk.CANCEL, view.cancellable)):
            if count.number:
                label, icon, states, _ = WORDS[what]
                help_text = f"Every {states} session of this filter"
                arguments = (what, which, count)
                confirm.ask(
                    f"{label} ({count.text})", _question, arguments, key=f"bulk-{what}", icon=icon, help=help_text
                )


@confirm.question("Are you sure?")
def _question(what: Bulk, which: HistoryFilter, count: Counted) -> None:
    label, icon, states, consequence = WORDS[what]
    noun = "session" if count.number == 1 else "sessions"
    st.markdown(f"**{count.text} {states} {noun}** of the current filter will {consequence}.")
    confirm.decide(
        "Leave them",
        f"{label.removesuffix(' all')} {count.text} {noun}",
        lambda who: confirm.tell(_done(what, which, who)),
        key="confirm-bulk",
        icon=icon,
    )


def _done(what: Bulk, which: HistoryFilter, who: Person) -> str:
    policy.require(who, Action.MEND)
    done = bulk.run(what, which, person=who)
    said = f"{done.changed} changed."
    return f"{said} {done.moved_on} had moved on by themselves." if done.moved_on else said
