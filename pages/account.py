"""Account: who I am here, and my API tokens."""

import streamlit as st

from jobs.policy import Person
from pages import account_tokens, facts, live
from pages.signed_in import person

MEANING = {
    "coach": "You see your own sessions, and nobody else sees them but operations.",
    "ops": "You see all coaches' sessions, mend what is stalled, and say who may do what.",
}


def draw(me: Person) -> None:
    with st.container(border=True, key="card-me"):
        facts.known({"Name": me.name, "E-mail": me.email, "Role": me.role})
        st.caption(MEANING[me.role])
        st.page_link("sign_out.py", label="Sign out", icon=":material/logout:")


who = person()
st.title("Account", anchor=False)
if who.local:
    st.info(
        "This desk runs for one person on this machine, without sign-in. Accounts, and with them API tokens, come with "
        "it: `docs/sign-in.md` shows how it is set up.",
        icon=":material/person:",
    )
else:
    draw(who)
    st.subheader("API tokens", anchor=False)
    st.markdown("A token lets a program upload and read in your name. Give each program its own.")
    account_tokens.make()
    live.show(account_tokens.draw, account_tokens.mine, who)
