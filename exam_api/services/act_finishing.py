"""The second half of making an act: every language rendered, sealed and stored, then told of."""

import asyncio
import hashlib
from collections.abc import Callable

from acts.contracts import Language
from acts.record import AnyAct
from exam_api.domain.languages import LANGUAGES
from exam_api.services.act_inputs import pictures_in, render_input
from exam_api.services.ports import Blobs
from exam_api.services.proctoring_ports import EventKind, Transaction
from exam_api.services.review_ports import ActStore, StoredAct
from exam_api.services.sitting_notices import TOLD, breach_by_act

# (document, language) -> sealed PDF; CPU-bound, called in a thread.
Render = Callable[[AnyAct, Language], bytes]
BREACHES = frozenset({1, 3})  # form 2 tells of no breach of its own


class Finishing:
    def __init__(self, write: Transaction[ActStore], blobs: Blobs, render: Render) -> None:
        self._write = write
        self._blobs = blobs
        self._render = render

    async def pictures(self, document: StoredAct) -> dict[str, bytes]:
        return {key: await self._blobs.get(key) for key in pictures_in(document.document)}

    async def completed(self, act: StoredAct) -> StoredAct:
        """Safe to repeat wherever it was cut off, and by several processes at once."""
        pictures = await self.pictures(act)
        files: dict[str, str] = {}
        digests: dict[str, str] = {}
        for language in LANGUAGES:
            document = render_input(act.document, pictures, language)
            sealed = await asyncio.to_thread(self._render, document, language)
            digests[language] = hashlib.sha256(sealed).hexdigest()
            files[language] = f"acts/{act.id}/{language}-{digests[language][:16]}.pdf"
            await self._blobs.put(files[language], sealed)
        async with self._write() as store:
            watched = await store.lock_sitting(act.sitting_id)
            stored = await store.act_for_anyone(act.id)
            if stored is not None and stored.complete:
                return stored  # another process was first; with a timestamp its bytes differ
            await store.complete_act(act.id, files, digests)
            payload = {"act": {"id": act.id, "number": act.number, "revision": act.revision}}
            await store.append_event(watched.exam.id, act.sitting_id, EventKind.ACT_MADE, payload)
            if act.form in BREACHES:
                await store.notices.add(breach_by_act(watched.sitting, act.number), roles=TOLD)
            found = await store.act_for_anyone(act.id)
            assert found is not None
            return found
