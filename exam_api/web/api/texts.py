"""What people write in requests: a reason, a message, a name."""

from typing import Annotated

from pydantic import StringConstraints

from exam_api.services.course import TEXT_LIMIT


def plain(most: int, least: int = 0) -> StringConstraints:
    """``least`` to ``most`` characters without the space around them, none NUL.

    PostgreSQL stores no NUL.
    """
    pattern = r"^[^\x00]*$"
    return StringConstraints(
        strip_whitespace=True, min_length=least, max_length=most, pattern=pattern
    )


OptionalText = Annotated[str, plain(TEXT_LIMIT)]
Text = Annotated[str, plain(TEXT_LIMIT, least=1)]
