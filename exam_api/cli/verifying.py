"""``baqylau verify``: acts and recording folders, offline; exit status 0 only if intact."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from exam_api.cli.terminal import Failure, JsonOut, language, readable_file, say, text


@dataclass(frozen=True, slots=True)
class Checked:
    path: Path
    what: str  # act, recording
    problems: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)
    lines: Sequence[str] = ()


def register(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    path: Annotated[Path, typer.Argument(help="An act (PDF) or a recording's folder.")],
    digest: Annotated[
        str | None, typer.Option(help="The recording's digest as the act states it.")
    ] = None,
    json_out: JsonOut = False,
) -> None:
    """Tell whether an act or a recording is as it was made."""
    checked = _recording(path, digest) if path.is_dir() else _act(readable_file(path))
    intact = not checked.problems
    if json_out:
        found = {"path": str(path), "what": checked.what, "intact": intact}
        found |= {"problems": list(checked.problems), **checked.facts}
        say(json.dumps(found, ensure_ascii=False, indent=1))
    elif intact:
        for line in checked.lines:
            say(line)
    if not intact:
        raise Failure("verify.altered", path=path, problems="; ".join(checked.problems))


def _act(path: Path) -> Checked:
    from acts.verify import verify_act  # noqa: PLC0415 - a second to import

    content = path.read_bytes()
    if not content.startswith(b"%PDF-"):
        raise Failure("verify.unknown", path=path)
    found = verify_act(content, language=language())
    at = found.sealed_at.isoformat() if found.sealed_at else ""
    facts: dict[str, object] = {
        "codes": list(found.codes),
        "sha256": found.digest,
        "number": found.number,
        "revision": found.revision,
        "sealed_at": at,
        "signer": found.signer,
        "fingerprint": found.fingerprint,
        "self_made": found.self_made,
    }
    lines = [text("verify.act", path=path, number=found.number, revision=found.revision, at=at)]
    if found.self_made:
        lines.append(text("verify.self_made", fingerprint=found.fingerprint))
    return Checked(path, "act", found.problems, facts, lines)


def _recording(folder: Path, digest: str | None) -> Checked:
    from capture.chain import verify_folder  # noqa: PLC0415 - a second to import

    # The folder of a sitting holds the camera's; either may be named.
    camera = folder / "camera" if (folder / "camera").is_dir() else folder
    if not (camera / "segments.jsonl").is_file():
        raise Failure("verify.unknown", path=folder)
    problems = tuple(str(problem) for problem in verify_folder(camera, digest))
    return Checked(folder, "recording", problems, lines=[text("verify.recording", path=folder)])
