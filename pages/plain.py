"""People's own words in places where Streamlit reads Markdown, and sizes as they read them."""

import re

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&\"])")


def plain(text: str) -> str:
    """The text with nothing in it read as Markdown."""
    return _MARKS.sub(r"\\\1", text.replace("\n", " "))


def size(size_bytes: int) -> str:
    """`3.4 MB`, `820 KB`."""
    if size_bytes >= 10**9:
        return f"{size_bytes / 10**9:.1f} GB"
    return f"{size_bytes / 10**6:.1f} MB" if size_bytes >= 10**6 else f"{max(size_bytes // 1000, 1)} KB"
