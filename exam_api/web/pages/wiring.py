"""What the pages' routes declare to get their services."""

from typing import Annotated

from fastapi import Depends

from exam_api.services.identity import Identity
from exam_api.services.overview import Overview
from exam_api.web.auth import CoreDep


async def overview_of(core: CoreDep) -> Overview:
    return Overview(core.database, core.clock)


async def identity_of(core: CoreDep) -> Identity:
    return core.identity


Lists = Annotated[Overview, Depends(overview_of)]
Identities = Annotated[Identity, Depends(identity_of)]
