"""What nobody names any more is swept; what anybody names, or may still come to, is kept."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from jobs import reconcile, retention, submit
from jobs.outcome import settle_stopping
from store.audio import audio_store, object_key
from store.database import transaction
from store.intake import Recording
from store.settings import settings
from tests.instruments.claims import claimed, complete, record_of, set_facts

NewSession = Callable[..., uuid.UUID]
SettingsOf = Callable[..., None]
TWO_HOURS = 2 * 3600


def stored(age_sec: float = TWO_HOURS) -> str:
    with audio_store().write(object_key("coach", uuid.uuid4(), "x.wav")) as writer:
        writer.write(b"sound")
        uri = writer.finish().uri
    path = audio_store().local_path(uri)
    assert path is not None
    os.utime(path, (time.time() - age_sec,) * 2)
    return uri


def kept() -> set[str]:
    return {uri for uri, _ in audio_store().list()}


def upload(uri: str) -> Recording:
    return Recording(uuid.uuid4(), "coach", "x.wav", uri, 5, "0" * 64, "WAV", duration_total=60.0)


def test_audio_without_a_row_is_swept_once_it_is_older_than_any_upload(new_session: NewSession) -> None:
    orphan, of_session, of_upload, arriving = stored(), stored(), stored(), stored(age_sec=60)
    new_session(audio_uri=of_session)
    submit.keep(upload(of_upload))
    assert reconcile.sweep() == 1
    assert kept() == {of_session, of_upload, arriving}
    assert orphan not in kept()
    assert reconcile.sweep() == 0


def test_an_upload_that_broke_off_is_swept_by_its_age(settings_of: SettingsOf) -> None:
    part = settings().audio_folder / "audio-uploads" / "coach" / ".part-1"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    assert reconcile.sweep() == 0
    os.utime(part, (time.time() - TWO_HOURS,) * 2)
    assert reconcile.sweep() == 1
    assert not part.exists()


def test_an_upload_that_nobody_started_is_forgotten_after_a_day() -> None:
    old, fresh = stored(), stored()
    submit.keep(upload(old))
    with transaction() as db:
        db.execute(text("UPDATE upload SET created_at = created_at - interval '25 hours'"))
    submit.keep(upload(fresh))
    assert reconcile.sweep() == 1
    assert kept() == {fresh}


def test_decoded_audio_is_kept_for_the_running_claim_alone(
    settings_of: SettingsOf, tmp_path: Path, new_session: NewSession
) -> None:
    settings_of(var_dir=tmp_path / "var")
    scratch = settings().scratch_folder
    scratch.mkdir(parents=True)
    new_session()
    settle_stopping(claimed())
    claim = claimed()
    held = scratch / f"{claim.session_id}.{claim.claim_no}.pcm"
    over = scratch / f"{claim.session_id}.{claim.claim_no - 1}.pcm"
    gone = scratch / f"{uuid.uuid4()}.1.pcm"
    strange = scratch / "notes.of.somebody.pcm"
    for path in (held, over, gone, strange):
        path.write_bytes(b"pcm")
    assert reconcile.sweep() == 2
    assert {path.name for path in scratch.iterdir()} == {held.name, strange.name}


def test_finished_sessions_are_kept_for_ever_unless_there_is_a_retention(
    settings_of: SettingsOf, new_session: NewSession
) -> None:
    old, fresh = new_session(audio_uri=stored()), new_session()
    complete(claimed())
    complete(claimed())
    set_facts(old, "finished_at = finished_at - interval '31 days'")
    assert retention.apply_retention() == 0
    settings_of(retention_days=30)
    assert retention.apply_retention() == 1
    assert record_of(fresh)
    assert kept() == set()
