"""Which tracks an exam records of each sitting (S-13), and whether they arrive (S-10)."""

from collections.abc import Collection
from dataclasses import dataclass

from capture.contracts import TrackKind
from exam_api.domain.errors import TrackNotLive
from exam_api.domain.policy import ExamPolicy


@dataclass(frozen=True, slots=True)
class TrackView:
    track: TrackKind
    live: bool


def wanted_tracks(policy: ExamPolicy) -> tuple[TrackKind, ...]:
    beside = ((TrackKind.SCREEN, policy.screen), (TrackKind.CAMERA2, policy.second_camera))
    return (TrackKind.CAMERA, *(kind for kind, wanted in beside if wanted))


def require_beside(policy: ExamPolicy, live: Collection[TrackKind]) -> None:
    """TrackNotLive where a screen or a second camera that the exam wants does not arrive.

    Asked when the test begins. A track that is lost later is a gap and the proctor's to judge.
    """
    if missing := [kind for kind in wanted_tracks(policy)[1:] if kind not in live]:
        raise TrackNotLive(missing[0])


def track_views(policy: ExamPolicy, live: Collection[TrackKind]) -> tuple[TrackView, ...]:
    return tuple(TrackView(kind, kind in live) for kind in wanted_tracks(policy))
