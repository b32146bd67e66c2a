"""`python -m tests.google_cloud [OPTIONS OF speech_server --] COMMAND…`: runs a command with stand-ins for Cloud
Storage and Speech-to-Text, and the settings that lead there: `python -m tests.google_cloud make run`."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.google_cloud.fixtures import CloudStorage, start_storage, stop_storage
from tests.google_cloud.speech_fixtures import PROJECT, REGION, SpeechServer

BUCKET = "transcript-desk-trial"


def main(arguments: list[str]) -> int:
    """The command's exit code. What lay in the bucket goes with it."""
    split = arguments.index("--") if "--" in arguments else -1
    options, command = (arguments[:split], arguments[split + 1 :]) if split >= 0 else ([], arguments)
    if not command:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory(prefix="google-cloud-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, Postgres runs as another user
        storage, address = start_storage(Path(folder) / "buckets")
        CloudStorage(address, BUCKET).make()
        speech = SpeechServer(
            Path(folder) / "operations.sqlite", address, *(options or ["--recogniser", "pocketsphinx"])
        )
        speech.start()
        try:
            own = {"VAR_DIR": f"{folder}/var"}  # sessions of another audio store would miss their recordings
            return run(command, os.environ | settings(address, speech.address) | own)
        finally:
            speech.stop()
            stop_storage(storage)


def run(command: list[str], environment: dict[str, str]) -> int:
    """The exit code; Ctrl-C is the command's affair, and a SIGTERM is passed on to it."""
    with subprocess.Popen(command, env=environment) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def settings(storage_address: str, speech_address: str) -> dict[str, str]:
    """What leads the product to the stand-ins instead of to Google."""
    return {
        "STT_ENGINE": "google",
        "AUDIO_STORE": "google",
        "AUDIO_BUCKET": BUCKET,
        "STORAGE_EMULATOR_HOST": storage_address,
        "GOOGLE_PROJECT": PROJECT,
        "GOOGLE_REGION": REGION,
        "GOOGLE_SPEECH_ENDPOINT": f"http://{speech_address}",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
