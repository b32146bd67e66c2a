"""compose.yaml, Dockerfile and .env.example: they name real settings and modules, and open one door only."""

import json
import re
import shlex
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from store import refusals
from store.embedded.errors import ProgramError
from store.settings import Settings
from tools.setup_compose import compose

PROJECT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "reconciler", "rq-dashboard"]
SETTINGS = {name.upper() for name in Settings.model_fields}
OF_COMPOSE = {"POSTGRES_PASSWORD", "PUBLISH_ADDRESS", "GOOGLE_CREDENTIALS_FILE"}  # compose.yaml alone reads them
OF_LIBRARIES = {"GOOGLE_APPLICATION_CREDENTIALS"}
EXAMPLE = dict(
    line.removeprefix("# ").split("=", 1)
    for line in (PROJECT / ".env.example").read_text().splitlines()
    if re.match(r"(# )?[A-Z_]+=", line)
)
PINNED = re.compile(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?")


def docker_compose() -> list[str]:
    """The command that there is; skips the test when there is none."""
    try:
        return compose()
    except ProgramError as error:
        pytest.skip(str(error))


def test_every_service_is_there() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS}


def test_every_variable_of_ours_is_a_setting() -> None:
    for name in OURS:
        assert set(SERVICES[name].get("environment", {})) <= SETTINGS, name


def test_the_example_holds_settings_and_what_compose_reads() -> None:
    assert set(EXAMPLE) <= SETTINGS | OF_COMPOSE | OF_LIBRARIES
    asked = set(re.findall(r"\$\{([A-Z_]+)", (PROJECT / "compose.yaml").read_text()))
    assert asked <= set(EXAMPLE)
    assert asked - SETTINGS == OF_COMPOSE


def test_the_examples_values_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(EXAMPLE) & SETTINGS:
        monkeypatch.setenv(name, EXAMPLE[name])
    chosen = Settings()
    assert (chosen.workers, chosen.redis_url) == (3, "redis://redis:6379/0")
    assert EXAMPLE["POSTGRES_PASSWORD"] in chosen.database_url


@pytest.mark.parametrize("name", OURS)
def test_every_command_runs_a_module_that_exists(name: str) -> None:
    python, option, module, *rest = SERVICES[name]["command"]
    assert (python, option) == ("python", "-m")
    assert find_spec(module)
    if module == "uvicorn":
        assert (PROJECT / f"{rest[0].partition(':')[0]}.py").exists()


def test_the_web_is_started_as_make_run_starts_it() -> None:
    """Host and port are the container's own; every other flag is that of supervisord.conf, and of the image."""
    conf = re.search(
        r"^command = .*? (python -m uvicorn .*)$", (PROJECT / "supervisord.conf").read_text(), re.MULTILINE
    )
    assert conf
    wanted = conf[1].replace("%(ENV_BIND_HOST)s", "0.0.0.0").replace("%(ENV_DASHBOARD_PORT)s", "8501")
    assert SERVICES["web"]["command"] == shlex.split(wanted)
    image = re.findall(r"^CMD (\[.*\])$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert json.loads(image[-1]) == SERVICES["web"]["command"]


def test_images_are_pinned() -> None:
    assert [service["image"] for service in SERVICES.values() if not PINNED.fullmatch(service["image"])] == []
    stages = re.findall(r"^FROM (\S+)", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    assert stages
    assert [stage for stage in stages if not PINNED.fullmatch(stage)] == []
    version = re.search(r'^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert {SERVICES[name]["image"] for name in OURS} == {f"transcript-desk:{version[1]}"}


def test_only_the_web_can_be_reached_from_elsewhere() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"web", "rq-dashboard"}
    assert all(port.startswith("127.0.0.1:") for port in published["rq-dashboard"])
    assert EXAMPLE["PUBLISH_ADDRESS"] == "127.0.0.1"  # there is no sign-in yet
    for needed in ("RQ_DASHBOARD_USERNAME", "RQ_DASHBOARD_PASSWORD"):
        assert SERVICES["rq-dashboard"]["environment"][needed].startswith(f"${{{needed}:?")


def test_everything_comes_back_and_ends_in_order() -> None:
    for name, service in SERVICES.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        assert service["stop_grace_period"], name
    for name in ("postgres", "redis"):
        assert SERVICES[name]["healthcheck"]["test"], name
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name


def test_redis_forgets_nothing() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command


def test_workers_and_reconcilers_are_several() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == "${WORKERS:-3}"
    assert SERVICES["reconciler"]["deploy"]["replicas"] == 2


def test_the_image_runs_as_nobody_in_particular_and_holds_no_data() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert "\nUSER desk\n" in dockerfile
    assert "apt-get" not in dockerfile
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"  # whatever is not named stays outside: var/, .env, secrets/
    copied = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((PROJECT / name).exists() for name in copied)
    assert {"api", "jobs", "pages", "store", "dashboard.py", "docs/troubleshooting.md", "sample"} <= copied
    assert {"/.env", "/secrets/", "/var/"} <= set((PROJECT / ".gitignore").read_text().splitlines())


def test_docker_compose_reads_it(tmp_path: Path) -> None:
    command = docker_compose()
    shutil.copy(PROJECT / "compose.yaml", tmp_path)
    shutil.copy(PROJECT / ".env.example", tmp_path / ".env")
    run = subprocess.run(
        [*command, "-f", "compose.yaml", "config"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    read = yaml.safe_load(run.stdout)["services"]
    assert set(read) == set(SERVICES)
    assert str(read["worker"]["deploy"]["replicas"]) == EXAMPLE["WORKERS"]
    assert read["web"]["environment"]["DATABASE_URL"] == EXAMPLE["DATABASE_URL"]


def test_docker_compose_refuses_to_start_without_a_password(tmp_path: Path) -> None:
    command = docker_compose()
    shutil.copy(PROJECT / "compose.yaml", tmp_path)
    (tmp_path / ".env").write_text("WORKERS=1\n")
    run = subprocess.run(
        [*command, "-f", "compose.yaml", "config"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    assert "POSTGRES_PASSWORD" in run.stderr


def test_a_desk_with_these_settings_does_not_refuse_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**EXAMPLE, "BIND_HOST": "0.0.0.0"}.items():
        if name in SETTINGS:
            monkeypatch.setenv(name, value)
    configured = Settings()
    assert refusals.refusals(configured) + refusals.open_queue_dashboard(configured) == []
