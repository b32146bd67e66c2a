"""The row of speakers on a session's page."""

import uuid
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from jobs.policy import local_person
from jobs.speakers import naming
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.screens import opened, pressed, said
from tests.instruments.speaking import dialogue

New = Callable[..., uuid.UUID]


def transcribed(new_session: New, *labels: str | None) -> uuid.UUID:
    session_id = new_session()
    assert complete(claimed(), segments=dialogue(*labels))
    return session_id


def names(session_id: uuid.UUID) -> list[str]:
    return [voice.shown for voice in naming.speakers(session_id, local_person())]


def click(app: AppTest, key: str) -> AppTest:
    app.button(key).click().run()
    assert not app.exception, app.exception
    return app


def test_no_speaker_is_known(new_session: New) -> None:
    app = opened("session.py", session=transcribed(new_session, None, None))
    assert "**Speakers**" not in said(app)
    assert "told apart by their sound" not in said(app)
    assert "Swap" not in [button.label for button in app.button]


def test_one_click_names_both_and_one_swaps_them(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2")
    app = opened("session.py", session=session_id)
    assert "which is a guess" in said(app)
    assert app.button("swap-speakers").disabled
    click(app, "name-1-coach")
    assert names(session_id) == ["Client", "Coach"]
    assert "<b>Client</b> <small>Speaker 1</small>" in said(app)
    pressed(app, "Swap")
    assert names(session_id) == ["Coach", "Client"]
    assert "<b>Coach</b> <small>Speaker 1</small>" in said(app)


def test_a_name_of_ones_own_is_written_and_taken_back(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2", "Speaker 3")
    app = opened("session.py", session=session_id)
    assert "Swap" not in [button.label for button in app.button], "of three nobody knows which"
    app.text_input("name-2-Speaker 3").input("<b>Zoë</b>")
    [save] = [button for button in app.button if button.form_id == "form-name-2-Speaker 3"]
    save.click().run()
    assert names(session_id) == ["Speaker 1", "Speaker 2", "<b>Zoë</b>"]
    assert "<b>&lt;b&gt;Zoë&lt;/b&gt;</b>" in said(app)
    app.text_input("name-2-<b>Zoë</b>").input("")
    [save] = [button for button in app.button if button.form_id == "form-name-2-<b>Zoë</b>"]
    save.click().run()
    assert names(session_id) == ["Speaker 1", "Speaker 2", "Speaker 3"]


def test_channels_are_no_guess(new_session: New) -> None:
    session_id = transcribed(new_session, "Speaker 1", "Speaker 2")
    set_facts(session_id, "speaker_channels = true")
    assert "guess" not in said(opened("session.py", session=session_id))
