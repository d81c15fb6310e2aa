"""Compares the photos of face and document (T-4.3) in a thread of its own, once a pair."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from analysis.detectors.identity import IdentityNets
from analysis.identity import same_person
from models import Registry
from models.errors import ModelError

_log = structlog.get_logger(__name__)
_PATIENCE_S: Final = 0.5  # a page does not wait longer; it shows the outcome when it is asked again
_REMEMBERED: Final = 1000  # outcomes; nothing of the faces themselves


class FaceMatcher:
    """Loads its networks (0.3 s, 127 MB) when the first pair is to be compared."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="faces")
        self._nets: IdentityNets | None = None
        self._asked: OrderedDict[bytes, asyncio.Future[bool | None]] = OrderedDict()

    async def same(self, face: bytes, document: bytes) -> bool | None:
        """None: cannot be told, or not yet."""
        pair = hashlib.sha256(hashlib.sha256(face).digest() + document).digest()
        if pair not in self._asked:
            loop = asyncio.get_running_loop()
            self._asked[pair] = loop.run_in_executor(self._thread, self._compare, face, document)
            while len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
        outcome = self._asked[pair]
        await asyncio.wait([outcome], timeout=_PATIENCE_S)
        return outcome.result() if outcome.done() else None

    # --- in the thread that owns the networks ---

    def _compare(self, face: bytes, document: bytes) -> bool | None:
        try:
            if self._nets is None:
                self._nets = IdentityNets.load(self._registry())
            return same_person(self._nets, face, document)
        except ModelError as error:
            _log.warning("faces_not_compared", code=error.code)
        except Exception:  # noqa: BLE001 - a picture that breaks a network says nothing of a person
            _log.exception("faces_not_compared")
        return None
