"""What people write in requests: a reason, a message."""

from typing import Annotated, Final

from pydantic import StringConstraints

from exam_api.services.course import TEXT_LIMIT

# No NUL: PostgreSQL stores none.
_PLAIN: Final = r"^[^\x00]*$"
OptionalText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=TEXT_LIMIT, pattern=_PLAIN)
]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT, pattern=_PLAIN),
]
