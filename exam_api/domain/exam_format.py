"""How a discipline is examined: set per discipline (S-1), asked of every exam of it."""

from enum import StrEnum

from exam_api.domain.errors import InvalidRequest


class ExamFormat(StrEnum):
    """Stored codes. ``OTHER``: orally, in writing, by a project; not in this system."""

    TEST = "test"
    REMOTE_TEST = "remote_test"
    ROOM_TEST = "room_test"
    OTHER = "other"


def require_format(exam_format: ExamFormat, *, in_rooms: bool) -> None:
    """InvalidRequest where an exam is held otherwise than its discipline is examined."""
    match exam_format:
        case ExamFormat.OTHER:
            raise InvalidRequest("the discipline has no test", code="format_other")
        case ExamFormat.REMOTE_TEST if in_rooms:
            raise InvalidRequest("the discipline is tested remotely", code="format_remote")
        case ExamFormat.ROOM_TEST if not in_rooms:
            raise InvalidRequest("the discipline is tested in rooms", code="format_room")
        case _:
            return
