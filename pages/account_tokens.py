"""API tokens on the account page: made here, shown once, listed with their last use, and revoked."""

import streamlit as st

from jobs import tokens
from jobs.policy import Person
from pages import confirm, facts, viewer
from pages.plain import plain
from store.tokens import TokenRecord, TokenScope

SCOPES = {TokenScope.READ: "Read only", TokenScope.WRITE: "Read and write"}
DAYS = {"30 days": 30, "90 days": 90, "1 year": 366}


def mine(who: Person) -> list[TokenRecord]:
    """The question that the page asks."""
    return tokens.tokens_of(who)


def make() -> None:
    """The form, and the new token in a dialog after it was sent."""
    with st.container(border=True, key="card-new-token"), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "What is it for?", key="token-name", max_chars=tokens.LONGEST_NAME, placeholder="Import from the recorder"
        )
        st.selectbox("May", list(SCOPES), key="token-scope", format_func=SCOPES.__getitem__, width=170)
        st.selectbox("For", list(DAYS), index=1, key="token-days", width=120)
        confirm.act("Make a token", _make, key="make-token", icon="key")


def draw(found: list[TokenRecord]) -> None:
    """Those that work with a button each, then those that work no more."""
    working = [token for token in found if token.state == "active"]
    gone = [token for token in found if token.state != "active"]
    if not found:
        st.info("No tokens yet. You need one only for programs: people sign in.", icon=":material/key_off:")
    for token in working:
        with (
            st.container(border=True, key=f"card-token-{token.id}"),
            st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"),
        ):
            st.markdown(f"**{plain(token.name)}** · {SCOPES[token.scope].lower()}  \n{_life(token)}")
            asked = (token.id, token.name)
            confirm.ask("Revoke", _confirm_revoke, asked, key=f"revoke-{token.id}", icon="key_off")
    if gone:
        with st.expander(f"No longer working ({len(gone)})"):
            heads = ["Token", "Id", "State", "Last use"]
            facts.table(heads, [[old.name, old.id, old.state, _when(old.last_used_at)] for old in gone])


def _life(token: TokenRecord) -> str:
    used = f"last used {_when(token.last_used_at)}" if token.last_used_at else "never used"
    return f":small[:gray[td\\_{token.id}\\_… · {used} · expires {viewer.day(token.expires_at)}]]"


def _when(moment: object) -> str:
    return viewer.day_and_time(moment) if moment else "never"  # type: ignore[arg-type]


def _make(who: Person) -> None:
    draft = st.session_state
    name, scope = draft.get("token-name") or "", draft.get("token-scope") or TokenScope.READ
    made = tokens.make_token(who, name=name, scope=scope, days=DAYS[draft.get("token-days") or "90 days"])
    draft["token-name"] = ""
    draft[confirm.ASKED] = (_show_once, (made,))


@st.dialog("Your new token", dismissible=False)
def _show_once(made: str) -> None:
    st.warning("Copy it now: **it is shown only this once.** Whoever has it can act as you.", icon=":material/key:")
    st.code(made, language=None, wrap_lines=True)
    st.caption("Programs send it as `Authorization: Bearer td_…`.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("I have copied it", type="primary", icon=":material/check:", on_click=confirm.answered):
            st.rerun()


@confirm.question("Revoke this token?")
def _confirm_revoke(token_id: str, name: str) -> None:
    st.markdown(f"Programs that use **{plain(name)}** are refused at once. This cannot be undone.")
    confirm.decide(
        "Keep it",
        "Revoke it",
        lambda who: tokens.revoke_token(token_id, who),
        key="confirm-revoke",
        icon="key_off",
    )
