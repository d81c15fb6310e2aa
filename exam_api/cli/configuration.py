"""The settings as commands read them, apart from the server, which takes seconds to import."""

from pydantic import ValidationError

from exam_api.cli.terminal import Failure
from exam_api.settings import Settings


def read_settings(**given: object) -> Settings:
    """From the environment; what is given wins."""
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type] # checked by pydantic
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "BAQYLAU_*"
        raise Failure("settings_wrong", why=f"{name}: {first['msg']}") from wrong
