"""multipart/form-data as it arrives: bytes in, parts out, nothing kept. Pure."""

import logging
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.problems import ApiProblem

MOST_PARTS = 32
NOT_READABLE = "This upload could not be read."
logging.getLogger("python_multipart").setLevel(logging.ERROR)  # else whoever sends garbage fills our log


@dataclass(frozen=True)
class PartBegins:
    """A part's headers are read. `filename` is None for a text field."""

    name: str
    filename: str | None


@dataclass(frozen=True)
class PartData:
    data: bytes


@dataclass(frozen=True)
class PartEnds:
    pass


Event = PartBegins | PartData | PartEnds


class MultipartStream:
    """Feed it the body piece by piece; it raises an ApiProblem for what is no form."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            raise ApiProblem(
                415,
                "not-multipart",
                "Recordings are sent as a form with a file.",
                "Send the recording as multipart/form-data, in a part called `file`.",
                headers={"Accept": "multipart/form-data"},
            )
        if not options.get(b"boundary"):
            raise broken("The Content-Type names no boundary.")
        self.complete = False
        self._events: list[Event] = []
        self._parts = 0
        self._header_name, self._header_value = b"", b""
        self._disposition = b""
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value_part,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": lambda data, start, end: self._events.append(PartData(data[start:end])),
                    "on_part_end": lambda: self._events.append(PartEnds()),
                    "on_end": self._ended,
                },
            )
        except FormParserError as error:
            raise broken(str(error)) from error

    def feed(self, data: bytes) -> list[Event]:
        """What became known with these bytes."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise broken(str(error)) from error
        events, self._events = self._events, []
        return events

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise broken(f"It has more than {MOST_PARTS} parts.")
        self._disposition = self._header_name = self._header_value = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_part(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._disposition.decode("latin-1"))
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise broken("A part has no name.")
        filename = options.get(b"filename")
        self._events.append(PartBegins(_text(name), None if filename is None else _text(filename)))

    def _ended(self) -> None:
        self.complete = True


def broken(detail: str) -> ApiProblem:
    return ApiProblem(400, "broken-upload", NOT_READABLE, f"{NOT_READABLE} {detail}")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
