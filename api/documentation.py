"""What OpenAPI says of the whole, beside what the routes say of themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import FieldProblem, Problem

ABOUT = """
Coaching sessions and their transcripts: the same facts as on the screen.

Every error is a problem (RFC 9457, `application/problem+json`) with a title for people and a `code` for programs.
Durations are in seconds, times in UTC.
"""
TAGS = [
    {"name": "Sessions", "description": "A recording in the queue, at work, or done."},
    {"name": "Uploads", "description": "A recording that is stored, and waits for its coach to start it."},
    {"name": "Health", "description": "For whoever watches the service."},
]


def describe(app: FastAPI) -> None:
    """Make the app's OpenAPI complete: the server's path, and the problem that every route refers to."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=ABOUT,
                routes=app.routes,
                tags=TAGS,
                servers=[{"url": "/api"}],
            )
            models = schema["components"]["schemas"]
            for model in (Problem, FieldProblem):
                models[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
                models[model.__name__].pop("$defs", None)
            for unused in ("HTTPValidationError", "ValidationError"):
                models.pop(unused, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
