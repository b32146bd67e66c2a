"""Who is in front of the screen: asked anew at every rerun, those of fragments included."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from jobs import sign_in
from jobs.policy import Person, local_person
from jobs.readings import readings
from jobs.sign_in import SignInRefused
from store.settings import settings

KNOWN = "signed-in"  # the identity whose sign-in is on record
ASKED_FOR = ("iss", "sub", "iat", "email", "name", "email_verified")
Claims = tuple[tuple[str, Any], ...]


class NotSignedIn(SignInRefused):
    """Please sign in."""


def person() -> Person:
    """The person of this browser session, as they are now (known for a second); without sign-in the one local person.

    NotSignedIn for nobody, another SignInRefused for whoever may not be here (any more), DatabaseAway.
    """
    if not settings().sign_in:
        return local_person()
    told: Mapping[str, Any] = st.user.to_dict()
    if not told.get("is_logged_in"):
        raise NotSignedIn
    claims = tuple((name, told[name]) for name in ASKED_FOR if name in told)
    address = came_from()
    if st.session_state.get(KNOWN) != claims:  # the first time here: the sign-in is recorded
        _unless_refused(_identified, claims, address)
        st.session_state[KNOWN] = claims
    return replace(_unless_refused(_recognised, claims), address=address)


def came_from() -> str | None:
    """The address that the browser connects from, or that of the proxy before us."""
    return st.context.ip_address


def again(who: Person) -> Person:
    """The same person as they are now, where Streamlit does not say who asks; SignInRefused when they are out."""
    return replace(sign_in.person_of(who.account_id), address=who.address)


def _identified(claims: Claims, address: str | None) -> Person | SignInRefused:
    try:
        return sign_in.identify(dict(claims), address=address)
    except SignInRefused as refusal:
        return refusal


def _recognised(claims: Claims) -> Person | SignInRefused:
    """A refusal is an answer like any other, so that it replaces the earlier one."""
    try:
        return sign_in.recognise(dict(claims))
    except SignInRefused as refusal:
        return refusal


def _unless_refused(question: Callable[..., Person | SignInRefused], *arguments: Any) -> Person:
    """A refusal is asked for again: whoever was let in just now reloads the page, which then stays as it is."""
    answer = readings().ask(question, *arguments).facts
    if isinstance(answer, SignInRefused):
        answer = readings().ask_anew(question, *arguments).facts
    if isinstance(answer, SignInRefused):
        raise answer
    return answer
