"""What OpenAPI says of the whole, beside what the routes say of themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.people import SECURITY
from api.problems import FieldProblem, Problem, documented

ABOUT = """
Coaching sessions and their transcripts: the same facts as on the screen.

Programs send a token (`Authorization: Bearer td_…`), made on the account page; in the browser the dashboard's sign-in
counts. A desk without sign-in asks for neither, and answers on its own machine alone.

Every error is a problem (RFC 9457, `application/problem+json`) with a title for people and a `code` for programs.
Durations are in seconds, times in UTC.
"""
OPEN = frozenset({"/v1/health", "/v1/ready"})  # for whoever watches; they tell nothing of any session
TAGS = [
    {"name": "Sessions", "description": "A recording in the queue, at work, or done."},
    {"name": "Uploads", "description": "A recording that is stored, and waits for its coach to start it."},
    {"name": "Audit", "description": "Who did what, for operations."},
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
            schema["components"]["securitySchemes"] = SECURITY
            for path, operations in schema["paths"].items():
                for operation in operations.values():
                    if path not in OPEN:
                        operation["security"] = [{}, *({name: []} for name in SECURITY)]  # {}: a desk without sign-in
                        operation["responses"] |= {str(code): said for code, said in documented(401, 403, 429).items()}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
