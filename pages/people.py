"""People (ops): who has been here, as what, and what may be changed about it."""

import streamlit as st

from jobs import people
from jobs.people import Change
from jobs.policy import Person
from pages import confirm, live, viewer
from pages.plain import plain
from pages.signed_in import person
from store.accounts import AccountRecord
from store.scope import Role

ASKS = {
    Change.GRANT: ("Make ops", "shield_person", "sees all coaches' sessions, and says who may do what"),
    Change.REVOKE: ("Make coach", "person", "sees only their own sessions from the next click on"),
    Change.DISABLE: ("Disable", "block", "is out at the next click, and their tokens work no more; sessions are kept"),
    Change.ENABLE: ("Enable", "lock_open", "may sign in again, and their tokens work again"),
}


def everyone(who: Person) -> list[AccountRecord]:
    """The question that the page asks."""
    return people.everyone(who)


def draw(found: list[AccountRecord]) -> None:
    ops = sum(account.role is Role.OPS and account.disabled_at is None for account in found)
    disabled = sum(account.disabled_at is not None for account in found)
    with st.container(horizontal=True, key="figures"):
        st.metric("People", len(found), border=True)
        st.metric("Ops", ops, border=True)
        st.metric("Disabled", disabled, border=True)
    if not found:
        st.info("Nobody has signed in yet. An account is made when somebody first does.", icon=":material/group:")
    for account in found:
        draw_account(account)


def draw_account(account: AccountRecord) -> None:
    is_ops, is_out = account.role is Role.OPS, account.disabled_at is not None
    with (
        st.container(border=True, key=f"card-person-{account.id}"),
        st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"),
    ):
        you = " (you)" if account.id == who.account_id else ""
        seen = viewer.day_and_time(account.last_seen_at)
        since = viewer.day(account.created_at)
        about = f":small[:gray[Here since {since} · last seen {plain(seen)}]]"
        st.markdown(f"**{plain(account.name)}**{you} · {plain(account.email)}  \n{about}")
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            if is_out:
                st.badge("disabled", icon=":material/block:", color="red")
            st.badge(
                account.role, icon=":material/shield_person:" if is_ops else None, color="blue" if is_ops else "gray"
            )
            for what in (Change.REVOKE if is_ops else Change.GRANT, Change.ENABLE if is_out else Change.DISABLE):
                label, icon, _ = ASKS[what]
                confirm.ask(label, question, (what, account), key=f"{what}-{account.id}", icon=icon)


@confirm.question("Are you sure?")
def question(what: Change, account: AccountRecord) -> None:
    label, icon, consequence = ASKS[what]
    st.markdown(f"**{plain(account.name)}** ({plain(account.email)}) {consequence}.")
    confirm.decide(
        "Leave it",
        label,
        lambda who: people.change(what, account.id, person=who),
        key=f"confirm-{what}",
        icon=icon,
    )


who = person()
st.title("People", anchor=False)
if who.local:
    st.info("This desk has no sign-in, and so no accounts. `docs/sign-in.md` shows how it is set up.")
else:
    st.markdown("Everyone who has signed in. An account is made at the first sign-in, as a coach's.")
    live.show(draw, everyone, who)
