"""What whoever is not signed in sees, at every address: one button, or why not and the way out."""

import streamlit as st

from jobs.sign_in import AccountUnknown, SignInExpired, SignInRefused
from pages.plain import plain
from pages.signed_in import NotSignedIn

BY_SIGNING_IN = (NotSignedIn, SignInExpired, AccountUnknown)  # the same button mends them


def draw(refusal: SignInRefused) -> None:
    """The card in the middle of the page."""
    with st.container(border=True, key="sign-in", gap="small"):
        st.title("Transcript Desk", anchor=False)
        st.markdown("Recordings of coaching sessions, and their words. What you upload is seen by you and operations.")
        if isinstance(refusal, BY_SIGNING_IN):
            if not isinstance(refusal, NotSignedIn):
                st.info(str(refusal), icon=":material/schedule:")
            _button("Sign in", ":material/login:", st.login)
            st.caption("With the account of your work. Your password is never seen here.")
        else:
            st.error(f"{_address()}{refusal}", icon=":material/block:")
            _button("Use another account", ":material/switch_account:", st.logout)
            st.caption("This signs you out here first.")


def _button(label: str, icon: str, act: object) -> None:
    st.button(label, icon=icon, type="primary", width="stretch", on_click=act, key="sign-in-button")  # type: ignore[arg-type]


def _address() -> str:
    email = str(st.user.get("email") or "")
    return f"You are signed in as **{plain(email)}**. " if email else ""
