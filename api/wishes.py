"""What the sender of a recording may choose, checked the same in a form and in JSON."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.problem_handlers import invalid_problem
from jobs.submit import LONGEST_NAME, Wishes


class SessionWishes(BaseModel):
    """All optional: the title is the file's name, the language what is heard, the engine this installation's."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"title": "First session with Anna"}})

    title: str = Field("", max_length=LONGEST_NAME, examples=["First session with Anna"])
    language: str = Field(
        "",
        max_length=35,
        description="a tag such as `en` or `en-GB`; `detect`, as when it is left out: the one that is heard. An engine "
        "that cannot hear it takes its first language",
        examples=["detect"],
    )
    engine: str = Field("", max_length=64, examples=["whisper"])
    priority: Literal["low", "normal", "high"] = "normal"
    speakers: Literal["one", "two", "more"] = Field(
        "two",
        description="how many people speak; two are told apart where the engine can, and always channel by channel",
    )

    def checked(self) -> Wishes:
        """With defaults filled in; EngineUnknown or LanguageNotSupported for what cannot be."""
        return Wishes(self.title, self.language, self.engine, self.priority, self.speakers).check()


def wishes_in_form(fields: dict[str, str]) -> Wishes:
    """The same from a form's text fields, where an empty one counts as left out. Raises an ApiProblem."""
    try:
        wishes = SessionWishes.model_validate({name: text for name, text in fields.items() if text})
    except ValidationError as error:
        raise invalid_problem(error, ("body",)) from error
    return wishes.checked()
