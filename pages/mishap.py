"""An error that nobody foresaw: a reference on screen, and the same reference with the traceback in the log."""

import logging
import secrets

import streamlit as st

log = logging.getLogger(__name__)


def say(error: Exception) -> bool:
    """Log the error and show its reference; True: Streamlit is not to show anything itself."""
    reference = secrets.token_hex(4).upper()
    log.error("Reference %s: a page broke", reference, exc_info=error)
    st.error(
        f"**Something went wrong, and it is not your doing.** Uploaded recordings are safe. Please try again; if it "
        f"stays, give operations this reference: `{reference}`",
        icon=":material/error:",
    )
    return True
