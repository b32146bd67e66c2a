"""Makes docs/screenshots/*.png again: the real product, in servers of its own, on the demo month and the sample.

`python -m tools.screenshots` (or `make screenshots`). With `--keep` the product stays up to look at, until Ctrl-C.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "screenshots"
SAMPLE = ROOT / "sample" / "coaching-dialogue.flac"
PORT = int(os.environ.get("DASHBOARD_PORT", "0"))  # a free one, chosen outside
ADDRESS = f"http://127.0.0.1:{PORT}"
WIDTHS = {"desktop": (1280, 960), "phone": (390, 844)}
WORKERS = 2
TWO_ON_THEIR_WAY = """() => [...document.querySelectorAll('[role=progressbar]')]
    .filter(bar => bar.ariaValueNow >= 30 && bar.ariaValueNow < 95).length >= 2"""
INSIDE = "--inside"


def main(arguments: list[str]) -> int:
    """Start servers of our own around ourselves, and do the work inside."""
    if INSIDE in arguments:
        inside(keep="--keep" in arguments)
        return 0
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    with tempfile.TemporaryDirectory(prefix="transcript-desk-screenshots-") as folder:
        Path(folder).chmod(0o711)  # as root, Postgres runs as another user
        environment |= {"VAR_DIR": folder, "WORKERS": str(WORKERS), "DASHBOARD_PORT": str(free_port())}
        wrapper = [sys.executable, "-m", "store.embedded", "--fast", "--", sys.executable, "-m", "tools.screenshots"]
        return subprocess.run([*wrapper, INSIDE, *arguments], cwd=ROOT, env=environment, check=False).returncode


def inside(*, keep: bool) -> None:
    """Migrate, fill, start the dashboard and workers, and take the pictures."""
    python = sys.executable
    subprocess.run([python, "-m", "store.migrations", "upgrade"], check=True)
    subprocess.run([python, "-m", "store.demo"], check=True)
    with running(
        [python, "-m", "uvicorn", "dashboard:app", "--port", str(PORT), "--no-access-log", "--log-level", "warning"],
        *([[python, "-m", "jobs.worker"]] * WORKERS),
    ):
        wait_for_dashboard()
        finished = submit(SAMPLE, "Saying no, first session")
        wait_until_completed(finished)
        stage_failed()
        stage_stalled()
        with tempfile.TemporaryDirectory() as folder:
            long = repeated(SAMPLE, 9, Path(folder) / "long.flac")
            for title in ("Leading a new team", "Career crossroads", "Goals for the quarter"):
                submit(long, title)
        if keep:
            print(f"{ADDRESS}  session: {finished}", flush=True)
            time.sleep(86_400)
        take_pictures(finished)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(*commands: list[str]) -> Iterator[None]:
    """These programs, for the time of the block."""
    processes = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def wait_for_dashboard() -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"{ADDRESS}/api/v1/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("The dashboard did not start.")


def submit(path: Path, title: str) -> uuid.UUID:
    """Upload a recording and start it, as the dashboard does."""
    from jobs.submit import Wishes, examine
    from jobs.submit import submit as submit_recording
    from store.audio import audio_store, object_key
    from store.settings import settings

    owner, session_id = settings().owner, uuid.uuid4()
    with audio_store().write(object_key(owner, session_id, path.name)) as writer:
        writer.write(path.read_bytes())
        stored = writer.finish()
    recording = examine(stored, session_id=session_id, owner=owner, filename=path.name)
    return submit_recording(recording, Wishes(title=title)).session_id


def wait_until_completed(session_id: uuid.UUID) -> None:
    from jobs import board
    from store.states import Status

    for _ in range(240):
        view = board.session(session_id)
        if view is not None and view.status is Status.COMPLETED:
            return
        time.sleep(0.5)
    raise SystemExit("The sample was not transcribed.")


def stage_failed() -> uuid.UUID:
    """A session whose engine stopped in the middle."""
    from jobs import messages
    from jobs.errors import RecognitionFailed
    from store import outcomes
    from store.database import transaction
    from store.outcomes import Cause

    session_id, claim_no = stage_running("Feedback that lands", processed_sec=1210)
    cause = Cause(RecognitionFailed.code, RecognitionFailed.kind, RecognitionFailed().sentence)
    with transaction() as db:
        outcomes.fail(db, session_id, cause=cause, message=messages.FAILED, actor="worker", claim_no=claim_no)
    return session_id


def stage_stalled() -> uuid.UUID:
    """A session whose worker is silent; no reconciler runs here that would mend it."""
    from sqlalchemy import text

    from store.database import transaction

    session_id, _ = stage_running("Time and energy", processed_sec=640)
    with transaction() as db:
        statement = text("UPDATE session SET heartbeat_at = heartbeat_at - interval '95 seconds' WHERE id = :id")
        db.execute(statement, {"id": session_id})
    return session_id


def stage_running(title: str, *, processed_sec: float) -> tuple[uuid.UUID, int]:
    """(session, claim) of a session of 50 minutes that a worker which does not exist has claimed."""
    from jobs import messages
    from store import claims, intake, transitions
    from store.database import transaction
    from store.settings import settings
    from store.states import Priority

    session_id, owner = uuid.uuid4(), settings().owner
    recording = intake.Recording(
        session_id, owner, f"{title}.m4a", f"local://{session_id}", 24_000_000, "0" * 64, "M4A, 44.1 kHz mono", 3000.0
    )
    with transaction() as db:
        intake.insert_session(
            db,
            recording,
            title=title,
            language="en",
            engine="pocketsphinx",
            priority=Priority.NORMAL,
            idempotency_key=None,
            message=messages.WAITING,
            actor=owner,
        )
        turn = claims.Turn(
            session_id=session_id,
            engine="pocketsphinx",
            audio_uri=recording.audio_uri,
            duration_total=3000.0,
            attempt=0,
            checkpointed_sec=0.0,
        )
        expectation = {"expected_sec": 900.0, "expected_from": "history", "spread": 1.3}
        claimed = claims.take(
            db, turn, worker="desk-2-481", job_id="", message=messages.PREPARING, progress=0, expectation=expectation
        )
        assert claimed is not None
        transitions.enter_stage(db, session_id, claimed, message=messages.PROCESSING, actor="desk-2-481")
        share = round(70 * processed_sec / 3000)
        transitions.record_progress(db, session_id, claimed, processed_sec=processed_sec, progress=share)
    return session_id, claimed


def repeated(path: Path, times: int, target: Path) -> Path:
    """The recording several times over, as a longer one."""
    import av

    with av.open(target, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono")
        position = 0
        for _ in range(times):
            with av.open(path) as source:
                for frame in source.decode(audio=0):
                    frame.pts = position
                    position += frame.samples
                    container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target


def take_pictures(finished: uuid.UUID) -> None:
    """Every page at both widths."""
    from playwright.sync_api import expect

    from tools.browser import chromium

    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for width, (pixels, height) in WIDTHS.items():
            context = browser.new_context(viewport={"width": pixels, "height": height}, timezone_id="Europe/London")
            for name, (path, last) in pages_of(finished).items():
                page = context.new_page()
                page.goto(ADDRESS + path)
                expect(page.locator(last).last).to_be_visible(timeout=120_000)
                if name == "sessions":
                    page.wait_for_function(TWO_ON_THEIR_WAY, timeout=240_000)
                expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
                page.screenshot(path=PICTURES / f"{name}-{width}.png")
                page.close()
            context.close()


def pages_of(finished: uuid.UUID) -> dict[str, tuple[str, str]]:
    """Each page's address, and what is drawn last on it."""
    return {
        "sessions": ("/", "p.words >> nth=1"),
        "session": (f"/session?session={finished}", "text=Link to this page"),
        "history": ("/history", "table.sessions tbody tr:nth-child(20)"),
        "speed": ("/speed", "[data-testid='stVegaLiteChart'] :is(canvas, svg) >> nth=2"),
        "stalled": ("/stalled", ".freshness"),
        "help": ("/help?topic=recognition-failed", "text=What if nothing moves?"),
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # also when it is started as a file
    sys.exit(main(sys.argv[1:]))
