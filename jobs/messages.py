"""The sentences that screens, the API and the history share, each in one place."""

WAITING = "Waiting in queue"
PREPARING = "Preparing audio"
PROCESSING = "Processing audio..."
SPEAKERS = "Telling speakers apart..."
COMPLETED = "Transcription complete!"
FAILED = "Processing failed. Please try again."
FAILED_FOR_GOOD = "Processing failed. Please upload another file."
CANCELLED = "Cancelled"
WORKER_LOST = "Waiting in queue: the worker stopped, another one goes on from what is done"
PROVIDER_BUSY = "Waiting: the transcription service takes no more work at the moment"
PROVIDER_AWAY = "Waiting: the transcription service does not answer at the moment"
TRYING_AGAIN = "Waiting to try again"
QUEUE_DELAYED = "The queue is delayed; your upload is safe and starts by itself."


def failed(error_kind: str | None) -> str:
    """The failure's headline: whether to try again or to upload another file."""
    return FAILED_FOR_GOOD if error_kind in {"user", "permanent", "poison"} else FAILED
