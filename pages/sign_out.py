"""Signs out, here and at the identity provider where it can be told."""

import streamlit as st

from pages.signed_in import person

if person().local:
    st.title("Nobody is signed in", anchor=False)
    st.markdown("This desk has no sign-in: whoever sits at this machine is its coach.")
else:
    st.logout()
    st.title("Signing out…", anchor=False)
