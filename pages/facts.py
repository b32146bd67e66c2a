"""Lists and tables of facts as HTML: a phone can stack them and a screen reader read them. Everything is escaped."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st


def known(facts: Mapping[str, str]) -> None:
    """A list of names and what is known of each."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    st.html(f'<dl class="known">{rows}</dl>')


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose cells know their head, for narrow screens."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td data-label="{escape(name)}">{escape(cell)}</td>' for name, cell in zip(heads, row, strict=True))
        + "</tr>"
        for row in rows
    )
    st.html(f'<table class="sessions"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')
