"""Ids as they stand in paths and bodies."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import StringConstraints

from exam_api.domain.ids import ID_PATTERN

PathId = Annotated[str, Path(pattern=ID_PATTERN)]
BodyId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
QueryId = Annotated[str, Query(pattern=ID_PATTERN)]
