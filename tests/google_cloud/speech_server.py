"""`python -m tests.google_cloud.speech_server --port N --control-port M --project P --region eu --state FILE`

Google Cloud Speech-to-Text v2 as the real client sees it, on the loopback and without a cloud. What it knows is in
  speech_methods    the answers to each call        operations     what was accepted, and the file it is kept in
  speech_requests   what Google refuses             behaviours     progress and faults on demand
  speech_results    Google's messages               recognisers    what recognises
  batch_work        the running operations          audio_objects  Cloud Storage, and the sound in it
  speech_control    the control port
and for tests: speech_fixtures (the process, the fixture) and speech_calls (a caller).
"""

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path

import grpc

from tests.google_cloud import speech_control
from tests.google_cloud.audio_objects import CloudStorage, Folder
from tests.google_cloud.batch_work import BatchWork
from tests.google_cloud.behaviours import Behaviours, Progress
from tests.google_cloud.operations import Operations
from tests.google_cloud.recognisers import PocketSphinx, Recogniser, Suite
from tests.google_cloud.speech_methods import SpeechMethods

PACE = 0.1  # seconds a second of audio
OPTIONS = [("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.google_cloud.speech_server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--project", default="test-project")
    parser.add_argument("--region", default="eu")
    parser.add_argument("--state", type=Path, required=True, help="a file that outlives the process")
    parser.add_argument("--recogniser", choices=["pocketsphinx", "suite"], default="suite")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="of pocketsphinx")
    parser.add_argument("--pace", type=float, default=PACE, help="of suite: seconds a second of audio")
    parser.add_argument("--progress", type=Progress, choices=list(Progress), default=Progress.STEADY)
    parser.add_argument("--folder", type=Path, help="gs://bucket/key is FOLDER/bucket/key (else STORAGE_EMULATOR_HOST)")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Until SIGTERM or SIGINT."""
    behaviours = Behaviours(options.progress, options.pace)
    recogniser: Recogniser = Suite() if options.recogniser == "suite" else PocketSphinx(options.processes)
    objects = Folder(options.folder) if options.folder else CloudStorage(options.project)
    operations = Operations(options.state)
    work = BatchWork(operations, objects, recogniser)
    methods = SpeechMethods(operations, work, behaviours, project=options.project, region=options.region)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers(methods.handlers())
    server.add_insecure_port(f"127.0.0.1:{options.port}")
    control = speech_control.serve(speech_control.Control(operations, work, behaviours, methods), options.control_port)
    await server.start()
    work.go_on(options.pace)
    print(f"Speech-to-Text on 127.0.0.1:{options.port} is ready", flush=True)

    await stopped.wait()
    await asyncio.to_thread(control.shutdown)
    control.server_close()
    await server.stop(0)
    await work.stop()
    recogniser.close()
    operations.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="speech server: %(message)s")
    asyncio.run(serve(parse()))
