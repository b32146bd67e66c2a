"""Speed: figures and charts of what has ended."""

import uuid
from collections.abc import Callable

from jobs import estimates_made, retry_cancel
from store import demo
from store.database import transaction
from tests.instruments.claims import claimed, complete, set_facts
from tests.instruments.screens import opened, said
from tests.instruments.statistics import refreshed

NewSession = Callable[..., uuid.UUID]


def test_nothing_yet_says_what_will_be_here() -> None:
    words = said(opened("speed.py"))
    assert "No session has ended in this time" in words
    assert "Upload a recording" in words


def test_the_figures_are_those_of_the_sessions(new_session: NewSession) -> None:
    for took_sec in (10, 20, 30):
        session_id = new_session()
        complete(claimed())
        set_facts(session_id, f"started_at = finished_at - interval '{took_sec} seconds'")
    retry_cancel.give_up(new_session(), actor="operations")
    refreshed()
    app = opened("speed.py")
    assert {metric.label: metric.value for metric in app.metric} == {
        "Typical speed": "3.0x",
        "Success rate": "75.0%",
        "Completed": "3",
        "Typical queue wait": "1 s",
        "Audio transcribed": "0.1 h",
    }
    assert len(app.get("vega_lite_chart")) == 4


def test_an_older_session_is_in_the_longer_range_alone(new_session: NewSession) -> None:
    session_id = new_session()
    complete(claimed())
    set_facts(session_id, "started_at = started_at - interval '3 days', finished_at = finished_at - interval '3 days'")
    refreshed()
    assert "No session has ended" in said(opened("speed.py", range="Day"))
    assert "No session has ended" not in said(opened("speed.py", range="Week"))


def test_demo_data_is_labelled() -> None:
    demo.main([])
    refreshed()
    assert "demo data" in said(opened("speed.py"))


def test_waits_failures_and_accuracy_have_their_part(new_session: NewSession) -> None:
    session_id = new_session()
    with transaction() as db:
        estimates_made.at_submission(db, session_id)
    complete(claimed())
    retry_cancel.give_up(new_session(), actor="operations")
    refreshed()
    app = opened("speed.py")
    words = said(app)
    for expected in ("Queue wait", "Failures by cause", "Accuracy of estimates", "At submission"):
        assert expected in words
    assert "Typical error" in {metric.label for metric in app.metric}
    specs = [chart.proto.spec for chart in app.get("vega_lite_chart")]
    assert any("minutes of processing" in spec for spec in specs)
    assert not any('"format": ""' in spec or '"format":""' in spec for spec in specs), "d3 would write 10 as 1e+1"


def test_accuracy_says_when_nothing_was_scored(new_session: NewSession) -> None:
    new_session()
    complete(claimed())
    refreshed()
    assert "No estimate has been scored" in said(opened("speed.py"))
