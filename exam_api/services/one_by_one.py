"""What time does to many sittings: one that fails must not keep the others from it."""

from collections.abc import Awaitable, Callable, Iterable

import structlog

from exam_api.domain.errors import StorageError

_log = structlog.get_logger(__name__)


async def one_by_one(sitting_ids: Iterable[str], change: Callable[[str], Awaitable[bool]]) -> int:
    """How many changed. Whoever fails is logged, and comes up again at the next tick.

    StorageError: then none would get through.
    """
    changed = 0
    for sitting_id in sitting_ids:
        try:
            changed += await change(sitting_id)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with this one
            _log.exception("clock_sitting_failed", sitting=sitting_id)
    return changed
