"""Recognises the files of accepted operations, one asyncio task an operation, and has each end."""

import asyncio
import logging
import uuid

from google.cloud.speech_v2 import BatchRecognizeFileMetadata, BatchRecognizeFileResult, BatchRecognizeResults
from google.cloud.speech_v2 import CloudStorageResult as Stored

from jobs.media.pcm import BYTES_PER_SAMPLE, BYTES_PER_SEC
from tests.google_cloud import speech_results
from tests.google_cloud.audio_objects import FileError, Objects, channels
from tests.google_cloud.behaviours import number_of
from tests.google_cloud.operations import CANCELLED, Operation, Operations, Outcome, Share
from tests.google_cloud.recognisers import Recogniser
from tests.google_cloud.speech_requests import config_of

log = logging.getLogger(__name__)


class BatchWork:
    """The running operations. Used on the event loop alone."""

    def __init__(self, operations: Operations, objects: Objects, recogniser: Recogniser) -> None:
        self._operations, self._objects, self._recogniser = operations, objects, recogniser
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def go_on(self, pace: float) -> None:
        """Start over what an earlier process left running, at this pace."""
        for operation in self._operations:
            if not operation.ended:
                operation.orders.pace = pace
                self.start(operation)

    def start(self, operation: Operation) -> None:
        task = asyncio.create_task(self._see_through(operation))
        self._tasks[operation.name] = task
        task.add_done_callback(lambda _: self._tasks.pop(operation.name, None))

    def cancel(self, operation: Operation) -> None:
        """End it as cancelled; nothing happens to one that has ended."""

        def cancelled(ended: Operation) -> None:
            ended.error = speech_results.status(CANCELLED, "Operation was cancelled.")

        self._operations.end(operation, Outcome.CANCELLED, cancelled)
        if task := self._tasks.get(operation.name):
            task.cancel()

    async def stop(self) -> None:
        """Leave everything as it is; the next process goes on with it."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _see_through(self, operation: Operation) -> None:
        results = {file.uri: await self._file(operation, file) for file in operation.request.files}
        if operation.orders.operation_error:
            self._fail(operation, operation.orders.operation_error)
            return

        def answered(ended: Operation) -> None:
            ended.response = speech_results.response(results)
            ended.billed = bool(ended.response.total_billed_duration)

        self._operations.end(operation, Outcome.DONE, answered)

    def _fail(self, operation: Operation, code: str) -> None:
        def failed(ended: Operation) -> None:
            ended.error = speech_results.status(number_of(code), f"The operation failed: {code}.")

        self._operations.end(operation, Outcome.FAILED, failed)

    async def _file(self, operation: Operation, file: BatchRecognizeFileMetadata) -> BatchRecognizeFileResult:
        """The file's result, or the error that is its result."""
        try:
            results = await self._recognise(operation, file)
            return await asyncio.to_thread(self._put, operation, file.uri, results)
        except FileError as error:
            code, message = error.code, error.message
        except Exception:  # whatever breaks here must not leave the operation running for ever
            log.exception("Could not recognise %s", file.uri)
            code, message = number_of("INTERNAL"), "Internal error encountered."
        return BatchRecognizeFileResult(
            error=speech_results.status(code, message), metadata=speech_results.billed(0), uri=file.uri
        )

    async def _recognise(self, operation: Operation, file: BatchRecognizeFileMetadata) -> BatchRecognizeResults:
        config = config_of(operation.request, file)
        separate = bool(config.features.multi_channel_mode)
        content = await asyncio.to_thread(self._objects.read, file.uri)
        sounds = await asyncio.to_thread(channels, content, separate=separate)
        if operation.orders.truncated:
            sounds = [sound[: len(sound) // 2 // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE] for sound in sounds]
        share = operation.shares[file.uri] = Share(operation.orders.pace)
        # the first channel stands for all: they take the same time
        shares = [share, *(Share(share.pace) for _ in sounds[1:])]
        heard = await asyncio.gather(*map(self._recogniser.recognise, sounds, shares))
        if operation.orders.file_error:
            raise FileError(operation.orders.file_error, "The file could not be recognised.")
        seconds = speech_results.billed_sec(len(sound) / BYTES_PER_SEC for sound in sounds)
        return speech_results.transcript(heard, config, seconds)

    def _put(self, operation: Operation, uri: str, results: BatchRecognizeResults) -> BatchRecognizeFileResult:
        """Into the answer, or into the bucket that was asked for."""
        folder = operation.request.recognition_output_config.gcs_output_config.uri
        if not folder:
            return speech_results.file_result(results)
        name = uri.rpartition("/")[2].rpartition(".")[0]
        stored = f"{folder.rstrip('/')}/{name}_transcript_{uuid.uuid4()}.json"
        self._objects.write(stored, BatchRecognizeResults.to_json(results).encode())
        return BatchRecognizeFileResult(cloud_storage_result=Stored(uri=stored), uri=stored, metadata=results.metadata)
