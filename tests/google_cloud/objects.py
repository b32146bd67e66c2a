"""The buckets of the storage server: files in a folder, so that they survive its restart."""

import base64
import itertools
import json
import shutil
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import google_crc32c

BLOCK_BYTES = 1024 * 1024
Facts = dict[str, Any]


class Refused(Exception):
    """An answer other than the one that was hoped for."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Objects:
    """An object is a file of facts beside one of bytes; it exists when its facts do."""

    def __init__(self, folder: Path) -> None:
        self._buckets, self._uploads = folder / "buckets", folder / "uploads"
        for place in (self._buckets, self._uploads):
            place.mkdir(parents=True, exist_ok=True)
        self._generations = itertools.count(time.time_ns() // 1000)

    def bucket(self, name: str) -> Path:
        place = self._buckets / name
        if not place.is_dir():
            raise Refused(404, "The specified bucket does not exist.")
        return place

    def make_bucket(self, name: str) -> None:
        (self._buckets / name).mkdir()

    def remove_bucket(self, name: str) -> None:
        shutil.rmtree(self.bucket(name))

    def facts(self, bucket: str, name: str, wanted: dict[str, str]) -> Facts:
        """Of the object, where it has the generation that `wanted` may name; 404 and 412 as the real one has them."""
        path = self._place(bucket, name).with_suffix(".json")
        if not path.is_file():
            raise Refused(404, f"No such object: {bucket}/{name}")
        facts: Facts = json.loads(path.read_text())
        if wanted.get("generation", facts["generation"]) != facts["generation"]:
            raise Refused(404, f"No such object: {bucket}/{name}#{wanted['generation']}")
        if wanted.get("ifGenerationMatch", facts["generation"]) != facts["generation"]:
            raise Refused(412, "At least one of the pre-conditions you specified did not hold.")
        return facts

    def content(self, bucket: str, name: str) -> Path:
        return self._place(bucket, name).with_suffix(".data")

    def page(self, bucket: str, prefix: str, after: str, most: int) -> tuple[list[Facts], str | None]:
        """A page of facts in the order of their names, and the last name when there are more."""
        found = [json.loads(path.read_text()) for path in self.bucket(bucket).glob("*.json")]
        matching = sorted(
            (facts for facts in found if facts["name"].startswith(prefix) and facts["name"] > after),
            key=lambda facts: facts["name"],
        )
        return matching[:most], matching[most - 1]["name"] if len(matching) > most else None

    def delete(self, bucket: str, name: str, wanted: dict[str, str]) -> None:
        self.facts(bucket, name, wanted)
        for ending in (".json", ".data"):
            self._place(bucket, name).with_suffix(ending).unlink(missing_ok=True)

    def begin(self, bucket: str, facts: Facts, wanted: dict[str, str]) -> str:
        """A new upload of an object; its id."""
        self.bucket(bucket)
        self._refuse_replacing(bucket, facts["name"], wanted)
        upload_id = uuid.uuid4().hex
        self.part(upload_id).touch()
        self._upload(upload_id).write_text(json.dumps({"bucket": bucket, "wanted": wanted, "facts": facts}))
        return upload_id

    def part(self, upload_id: str) -> Path:
        return self._uploads / f"{upload_id}.part"

    def upload(self, upload_id: str) -> dict[str, Any]:
        if not self._upload(upload_id).is_file():
            raise Refused(404, "There is no such upload.")
        upload: dict[str, Any] = json.loads(self._upload(upload_id).read_text())
        return upload

    def cancel(self, upload_id: str) -> None:
        self.upload(upload_id)
        self._upload(upload_id).unlink()
        self.part(upload_id).unlink(missing_ok=True)

    def finish(self, upload_id: str, *, truncate: bool) -> Facts:
        """Make the object of the upload's bytes; its facts stay with the upload, for those who ask again."""
        upload = self.upload(upload_id)
        if "done" in upload:
            done: Facts = upload["done"]
            return done
        bucket, name = upload["bucket"], upload["facts"]["name"]
        self._refuse_replacing(bucket, name, upload["wanted"])
        part = self.part(upload_id)
        if truncate:
            with part.open("r+b") as short:
                short.truncate(max(part.stat().st_size - 1, 0))
        checksum = google_crc32c.Checksum()
        with part.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                checksum.update(block)
        generation, now = str(next(self._generations)), datetime.now(UTC).isoformat().replace("+00:00", "Z")
        facts = {
            "contentType": "application/octet-stream",
            **upload["facts"],
            "kind": "storage#object",
            "id": f"{bucket}/{name}/{generation}",
            "bucket": bucket,
            "generation": generation,
            "metageneration": "1",
            "size": str(part.stat().st_size),
            "crc32c": base64.b64encode(checksum.digest()).decode(),
            "timeCreated": now,
            "updated": now,
        }
        part.replace(self.content(bucket, name))
        self._place(bucket, name).with_suffix(".json").write_text(json.dumps(facts))
        self._upload(upload_id).write_text(json.dumps({**upload, "done": facts}))
        return facts

    def open_uploads(self) -> list[str]:
        """Ids of the uploads that are neither finished nor cancelled."""
        return sorted(path.stem for path in self._uploads.glob("*.part"))

    def _refuse_replacing(self, bucket: str, name: str, wanted: dict[str, str]) -> None:
        if wanted.get("ifGenerationMatch") == "0" and self._place(bucket, name).with_suffix(".json").is_file():
            raise Refused(412, "At least one of the pre-conditions you specified did not hold.")

    def _upload(self, upload_id: str) -> Path:
        return self._uploads / f"{uuid.UUID(upload_id).hex}.json"

    def _place(self, bucket: str, name: str) -> Path:
        return self.bucket(bucket) / f"{quote(name, safe='')}.object"
