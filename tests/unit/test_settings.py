"""Settings come from the environment, refuse nonsense by name, and are all listed in the README."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from store.settings import Settings

PROJECT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \| ?(?:`(.*?)`)? ?\| (.+?) \|$", re.MULTILINE)


def default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    assert default is not PydanticUndefined
    return "" if default is None else str(default)


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    listed = [(name, default, meaning) for name, default, meaning in ROW.findall((PROJECT / "README.md").read_text())]
    known = [(name.upper(), default_of(name), field.description) for name, field in Settings.model_fields.items()]
    assert listed == known


def test_only_the_settings_read_the_environment() -> None:
    """What `os.environ` gives elsewhere would be a setting that nobody finds in the README."""
    readers = {
        str(path.relative_to(PROJECT))
        for room in ("jobs", "api", "pages", "store")
        for path in (PROJECT / room).rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text())
    }
    passed_on = {name for name in readers if name.startswith("store/embedded/")}  # to the servers and the command
    assert readers - passed_on == {
        "jobs/media/fork_server.py",  # which takes the environment away from its children
        "jobs/engines/whisper/weights.py",  # which writes into it that libraries may ask no network
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [("WORKERS", "0"), ("LEASE_SEC", "soon"), ("DASHBOARD_PORT", "70000"), ("OWNER", "../x"), ("LOG_LEVEL", "LOUD")],
)
def test_a_bad_value_is_refused_by_name(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable.lower()):
        Settings()


def test_a_bucket_has_to_be_named_where_recordings_lie_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIO_STORE", "google")
    with pytest.raises(ValidationError, match="AUDIO_BUCKET has to name the bucket"):
        Settings()
    monkeypatch.setenv("AUDIO_BUCKET", "Not A Bucket")
    with pytest.raises(ValidationError, match="audio_bucket"):
        Settings()
    monkeypatch.setenv("AUDIO_BUCKET", "desk-recordings")
    assert Settings().audio_bucket == "desk-recordings"


def test_a_local_store_loads_no_client_library() -> None:
    program = "import sys, store.audio; store.audio.audio_store(); sys.exit('google.cloud.storage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=PROJECT).returncode == 0


def test_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERS", "")
    assert Settings().workers == Settings.model_fields["workers"].default


def test_derived_places_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", "/srv/desk")
    monkeypatch.delenv("AUDIO_DIR", raising=False)
    monkeypatch.setenv("MAX_UPLOAD_MB", "2")
    chosen = Settings()
    assert chosen.audio_folder == Path("/srv/desk/audio")
    assert chosen.scratch_folder == Path("/srv/desk/scratch")
    assert chosen.max_upload_bytes == 2 * 1024 * 1024
