"""Questions sent to appeal (S-20), and what they need from storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exam_api.domain.responses import Response


@dataclass(frozen=True, slots=True)
class QuestionAppeal:
    """``item_id`` names the version that was shown, which never changes; ``response``: the answer
    that counted when it was sent. ``text`` may be empty: the grounds can follow.
    """  # noqa: D205 - one thought

    sitting_id: str
    item_id: str
    text: str
    response: Response | None
    at: datetime


class QuestionAppeals(Protocol):
    """At most one a question. The sitting is locked by who writes."""

    async def add(self, appeal: QuestionAppeal) -> None: ...
    async def explain(self, appeal: QuestionAppeal, text: str) -> QuestionAppeal: ...
    async def of(self, sitting_id: str) -> Sequence[QuestionAppeal]:
        """Oldest first."""
        ...
