"""Help: docs/troubleshooting.md, a part for each cause of a failure (`?topic=<code>` opens it)."""

import re
from pathlib import Path

import streamlit as st

TROUBLESHOOTING = Path(__file__).resolve().parents[1] / "docs" / "troubleshooting.md"
HEADING = re.compile(r"^(#{2,3}) (.+?) \{#([a-z0-9-]+)\}$")


def parts(markdown: str) -> list[tuple[str, str, str]]:
    """(anchor, heading, text) of each part; the text before the first heading has an empty anchor."""
    found: list[tuple[str, str, list[str]]] = [("", "", [])]
    for line in markdown.splitlines():
        heading = HEADING.match(line)
        if heading:
            found.append((heading[3], ("## " if heading[1] == "##" else "") + heading[2], []))
        elif not line.startswith("# "):
            found[-1][2].append(line)
    return [(anchor, heading, "\n".join(text).strip()) for anchor, heading, text in found]


def draw(markdown: str, topic: str) -> None:
    """The part that was asked for first and open, then everything."""
    found = parts(markdown)
    for anchor, heading, text in found:
        if topic and anchor == topic:
            with st.container(border=True, key="asked-topic"):
                st.subheader(heading.removeprefix("## "), anchor=False)
                st.markdown(text)
    for anchor, heading, text in found:
        if heading and not heading.startswith("## "):
            st.expander(heading, key=f"topic-{anchor}").markdown(text)
        else:
            if heading:
                st.subheader(heading.removeprefix("## "), anchor=anchor)
            st.markdown(text)


st.title("Help", anchor=False)
draw(TROUBLESHOOTING.read_text(), st.query_params.get("topic", ""))
