"""Ids as they stand in paths and bodies."""

from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

IdPattern = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
PathId = Annotated[str, Path(pattern=IdPattern)]
BodyId = Annotated[str, StringConstraints(pattern=IdPattern)]
