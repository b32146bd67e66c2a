"""Who asks. Until there is sign-in, one coach from the settings; then only this function changes."""

from typing import Annotated

from fastapi import Depends

from store.settings import settings


def current_owner() -> str:
    return settings().owner


Owner = Annotated[str, Depends(current_owner)]
