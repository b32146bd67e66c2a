"""Two worker hosts that share nothing but Postgres, Redis and the bucket, of which one disappears in the middle."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.states import Status
from tests.end_to_end.test_many_operations import for_google
from tests.google_cloud.__main__ import settings as cloud_settings
from tests.google_cloud.fixtures import CloudStorage
from tests.google_cloud.speech_fixtures import SpeechServer
from tests.instruments.claims import attempts_of, record_of
from tests.instruments.desk import AUDIO_SEC, FAST, beeps, stored
from tests.instruments.forwarder import Forwarder, postgres_socket, redis_socket
from tests.instruments.hosts import Host, why_no_namespaces
from tests.instruments.waiting import wait_until

WORKER = "tests.instruments.metronome_worker"
LEASE_SEC = 6.0
FENCED_WITHIN_SEC = 25.0  # of which the lease is the part that counts; this machine may be busy
WITHIN_SEC = 120.0
PACE = "0.5"  # seconds that the provider takes for one of audio
NewSession = Callable[..., uuid.UUID]

pytestmark = pytest.mark.timeout(400)


class Site:
    """The servers, reached over TCP, and the hosts."""

    def __init__(self, folder: Path, storage: CloudStorage, speech: SpeechServer, *, apart: bool) -> None:
        targets = {
            "database": postgres_socket(os.environ["DATABASE_URL"]),
            "redis": redis_socket(os.environ["REDIS_URL"]),
            "storage": ("127.0.0.1", int(storage.address.rpartition(":")[2])),
            "speech": ("127.0.0.1", speech.port),
        }
        self._ports = {name: Forwarder(target) for name, target in targets.items()}
        self._bucket = storage.bucket
        self.hosts = [Host(number, folder, apart=apart) for number in (1, 2)]

    def open(self, host: Host) -> None:
        """A worker and a reconciler on this host."""
        at = {name: f"{host.address}:{port.port}" for name, port in self._ports.items()}
        user, database = os.environ["DATABASE_URL"].partition("://")[2].partition("@")[0], "transcript_desk"
        there = cloud_settings(f"http://{at['storage']}", at["speech"]) | {
            **FAST,
            "DATABASE_URL": f"postgresql://{user}@{at['database']}/{database}",
            "REDIS_URL": f"redis://{at['redis']}",
            "AUDIO_BUCKET": self._bucket,
            "LEASE_SEC": str(LEASE_SEC),
            "POLL_SEC": "0.5",
            "GOOGLE_TIMEOUT_SEC": "5",
        }
        host.start("jobs.reconcile", **there)
        host.start(WORKER, **there)

    def close(self) -> None:
        for host in self.hosts:
            host.remove()
        for port in self._ports.values():
            port.close()


@pytest.fixture
def speech(tmp_path: Path, audio_in_cloud: CloudStorage) -> Iterator[SpeechServer]:
    server = SpeechServer(tmp_path / "operations.sqlite", audio_in_cloud.address, "--pace", PACE)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["in networks of their own", "in folders of their own"])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, audio_in_cloud: CloudStorage, speech: SpeechServer
) -> Iterator[Site]:
    apart = request.param == "in networks of their own"
    if apart and (reason := why_no_namespaces()):
        pytest.skip(reason)
    opened = Site(tmp_path, audio_in_cloud, speech, apart=apart)
    yield opened
    opened.close()


def local(new_session: NewSession) -> uuid.UUID:
    """A session for the engine of the host."""
    return new_session(engine="metronome", duration_total=AUDIO_SEC, audio_uri=stored(beeps(AUDIO_SEC)))


def test_what_a_vanished_host_held_is_done_by_the_other_and_nothing_twice(
    site: Site, speech: SpeechServer, new_session: NewSession
) -> None:
    first, second = site.hosts
    (first.folder / "hold").touch()
    remote = [for_google(new_session) for _ in range(2)]
    site.open(first)
    wait_until(lambda: len(speech.accepted()) == len(remote), WITHIN_SEC)
    held = local(new_session)
    wait_until(lambda: record_of(held).duration_processed >= 9 and len(first.chunks("begun")) > 2, WITHIN_SEC)
    site.open(second)
    other = local(new_session)
    remote.append(for_google(new_session))
    wait_until(lambda: second.chunks("done"), WITHIN_SEC)

    first.vanish()
    if first.apart:
        said = "The lease has run out: this worker may no longer hold its session"
        wait_until(lambda: said in first.logged(), FENCED_WITHIN_SEC)
    sessions = [held, other, *remote]
    try:
        wait_until(lambda: all(record_of(one).status is Status.COMPLETED for one in sessions), WITHIN_SEC)
    except AssertionError:
        states = [(one, record_of(one).status, record_of(one).error_text) for one in sessions]
        raise AssertionError(f"{states}\n{first.logged()}\n{second.logged()}") from None

    lost, completed = attempts_of(held)
    assert (lost.outcome, completed.outcome) == ("lost", "completed")
    assert completed.resumed_sec >= 9, "it went on from the chunks that were done"
    assert completed.worker.startswith(second.name) == second.apart
    uris = [uri for operation in speech.accepted() for uri in operation["uris"]]
    assert sorted(uris) == sorted(record_of(one).audio_uri for one in remote), "one operation each"
    chunks = [start for host in site.hosts for start in host.chunks("done")]
    whole = sorted(set(chunks))
    assert sorted(chunks) == sorted([*whole, *whole]), "each chunk of both local sessions once, on whichever host"

    attempts = [len(attempts_of(one)) for one in sessions]
    first.come_back()
    (first.folder / "hold").unlink()
    late = local(new_session)
    wait_until(lambda: record_of(late).status is Status.COMPLETED, WITHIN_SEC)
    assert [len(attempts_of(one)) for one in sessions] == attempts, "what is done is left alone"
