"""Items and answers as they stand in JSON columns: the domain's values, field by field."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from exam_api.domain.items import Body, Key
from exam_api.domain.responses import Response

_BODY: Final = TypeAdapter(Body)
_KEY: Final[TypeAdapter[Key]] = TypeAdapter(Annotated[Key, Field(discriminator="kind")])
_RESPONSE: Final[TypeAdapter[Response]] = TypeAdapter(
    Annotated[Response, Field(discriminator="kind")]
)


def body_json(body: Body) -> dict[str, Any]:
    stored: dict[str, Any] = _BODY.dump_python(body, mode="json")
    return stored


def body_of(stored: Mapping[str, Any]) -> Body:
    return _BODY.validate_python(stored)


def key_json(key: Key) -> dict[str, Any]:
    stored: dict[str, Any] = _KEY.dump_python(key, mode="json")
    return stored


def key_of(stored: Mapping[str, Any]) -> Key:
    return _KEY.validate_python(stored)


def response_json(response: Response) -> dict[str, Any]:
    return asdict(response)


def response_of(stored: Mapping[str, Any]) -> Response:
    return _RESPONSE.validate_python(stored)
