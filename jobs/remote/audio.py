"""What a provider is given to recognise: the recording as it is, or parts of it that it can read."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from jobs.claim import Claim
from jobs.engines.protocol import RemoteEngine
from jobs.errors import AudioMissing
from jobs.heartbeat import Heartbeat
from jobs.media.convert import to_flac
from jobs.media.decode import decode
from jobs.media.silences import Chunk, Lengths, cut
from store.audio import AudioNotFound, audio_store, object_key, on_disk
from store.remote_operations import Stretch
from store.session_queries import SessionRecord
from store.settings import settings

BLOCK_BYTES = 1024 * 1024


def stretches(engine: RemoteEngine, record: SessionRecord, claim: Claim, heartbeat: Heartbeat) -> list[Stretch]:
    """The parts to be recognised, in order, without gap or overlap. Converts and stores what the engine does not take.

    Raises `AudioMissing`, and what reading the recording raises.
    """
    suffix = PurePosixPath(record.audio_uri).suffix
    short = record.duration_total <= engine.longest_sec
    # of two channels that are not one speaker each, a provider hears the first alone: they have to be mixed
    one_voice_a_channel = record.audio_channels == 1 or record.speaker_channels
    if short and one_voice_a_channel and engine.takes(suffix, record.audio_codec, record.audio_channels):
        return [Stretch(0.0, record.duration_total, record.audio_uri, converted=False)]
    try:
        with on_disk(audio_store(), record.audio_uri, settings().scratch_folder) as recording:
            parts = [None] if short else _parts(recording, engine.longest_sec, claim, heartbeat)
            return [_convert(recording, part, record, claim, heartbeat) for part in parts]
    except AudioNotFound as error:
        raise AudioMissing(detail=str(error)) from error


def grouped(chunks: Sequence[Chunk], longest_sec: float) -> list[Chunk]:
    """Chunks joined, in order, into parts that are as long as `longest_sec` allows."""
    parts: list[Chunk] = []
    for chunk in chunks:
        if parts and chunk.end_sec - parts[-1].start_sec <= longest_sec:
            parts[-1] = Chunk(parts[-1].start_sec, chunk.end_sec)
        else:
            parts.append(chunk)
    return parts


def _parts(recording: Path, longest_sec: float, claim: Claim, heartbeat: Heartbeat) -> list[Chunk | None]:
    with _scratch(f"{claim.session_id}.{claim.claim_no}.pcm") as pcm:
        decode(recording, pcm, on_progress=lambda _: heartbeat.check())
        return [*grouped(cut(pcm, Lengths(target_sec=min(20, longest_sec), max_sec=min(30, longest_sec))), longest_sec)]


def _convert(recording: Path, part: Chunk | None, record: SessionRecord, claim: Claim, heartbeat: Heartbeat) -> Stretch:
    """One part as FLAC in the audio store, under a name of its own: an earlier attempt may have left another."""
    start_sec, end_sec = (part.start_sec, part.end_sec) if part else (0.0, None)
    key = object_key(record.owner, uuid.uuid4(), "converted.flac")
    with _scratch(f"{claim.session_id}.{claim.claim_no}.flac") as flac, audio_store().write(key) as writer:
        audio_sec = to_flac(recording, flac, start_sec=start_sec, end_sec=end_sec, mono=not record.speaker_channels)
        with flac.open("rb") as converted:
            while block := converted.read(BLOCK_BYTES):
                heartbeat.check()
                writer.write(block)
        uri = writer.finish().uri
    return Stretch(start_sec, end_sec if end_sec is not None else start_sec + audio_sec, uri, converted=True)


@contextmanager
def _scratch(name: str) -> Iterator[Path]:
    path = settings().scratch_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
