"""Names and titles as they are stored and looked for: one line, the same whenever it looks the same."""

import re
import unicodedata


def printable(text: str) -> str:
    """The text without control characters and NULs, with single spaces; may be empty. An Ü is one letter, also when it
    came as an U and two dots, as in file names of some computers. What was made so stays so."""
    shown = "".join(letter for letter in text if letter.isprintable() or letter.isspace())
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", shown)).strip()
