"""Help: docs/troubleshooting.md, a part for each cause of a failure (`?topic=<code>` opens it)."""

import re
from pathlib import Path

import streamlit as st

TROUBLESHOOTING = Path(__file__).resolve().parents[1] / "docs" / "troubleshooting.md"
PART = re.compile(r'^<a id="([a-z0-9-]+)"></a>\n\n(#{2,3}) (.+)$', re.MULTILINE)


def parts(markdown: str) -> list[tuple[str, str, str]]:
    """(anchor, heading with its marks, text) of each part; what stands before the first one has no anchor."""
    first, *rest = PART.split(markdown.partition("\n")[2])
    found = [("", "", first.strip())]
    for anchor, marks, heading, text in zip(rest[::4], rest[1::4], rest[2::4], rest[3::4], strict=True):
        found.append((anchor, f"{marks} {heading}", text.strip()))
    return found


def draw(markdown: str, topic: str) -> None:
    """The part that was asked for first and open, then everything."""
    found = parts(markdown)
    for anchor, heading, text in found:
        if topic and anchor == topic:
            with st.container(border=True, key="asked-topic"):
                st.subheader(heading.lstrip("# "), anchor=False)
                st.markdown(text)
    for anchor, heading, text in found:
        if heading.startswith("### "):
            st.expander(heading.lstrip("# "), key=f"topic-{anchor}").markdown(text)
        else:
            if heading:
                st.subheader(heading.lstrip("# "), anchor=anchor)
            st.markdown(text)


st.title("Help", anchor=False)
draw(TROUBLESHOOTING.read_text(), st.query_params.get("topic", ""))
