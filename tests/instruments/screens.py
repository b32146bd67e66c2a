"""Pages opened without a browser, and what they say."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

NAVIGATION = Path(__file__).resolve().parents[2] / "pages" / "navigation.py"
HOME = "my_sessions.py"
SPEAKING = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success", "html", "code")


def opened(page: str = HOME, **query: object) -> AppTest:
    """The page after its first run, which may not raise: `opened("session.py", session=session_id)`."""
    app = AppTest.from_file(str(NAVIGATION), default_timeout=30).run()
    if page != HOME or query:
        app.switch_page(page)
        for name, value in query.items():
            app.query_params[name] = str(value)
        app.run()
    assert not app.exception, app.exception
    return app


def said(app: AppTest) -> str:
    """All that the page says; backslashes, which keep people's words from being read as Markdown, left out."""
    found = [
        *(element.value for kind in SPEAKING for element in app.get(kind)),
        *(element.proto.label for element in app.get("page_link")),
        *(element.label for kind in ("button", "metric", "expander") for element in app.get(kind)),
        *(str(element.value) for element in app.metric),
    ]
    return "\n".join(str(text) for text in found).replace("\\", "")


def percentages(app: AppTest) -> list[int]:
    """What the progress bars show, from above."""
    return [int(shown) for text in app.markdown for shown in re.findall(r'aria-valuenow="(\d+)"', text.value)]


def pressed(app: AppTest, label: str) -> AppTest:
    """The page after its only button of this name was pressed."""
    [button] = [button for button in app.button if button.label == label]
    button.click().run()
    assert not app.exception, app.exception
    return app
