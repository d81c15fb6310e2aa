"""People's detached signatures, as ``baqylau verify`` tells of them: beside a PDF, in a package."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from exam_api.cli.terminal import language, readable_file, text

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from acts.package_verify import PersonSigned
    from acts.signatures import PersonSignature

_LIMIT: Final = 2**20


def read_signers(path: Path | None) -> "Sequence[Certificate]":
    """Certificates of authorities: of a file, or of a folder's files. SignersCaUnreadable."""
    from acts.signatures import read_authorities  # noqa: PLC0415 - slow to import

    return () if path is None else read_authorities(path)


def signature_over(
    pdf: bytes, file: Path, authorities: "Sequence[Certificate]"
) -> "PersonSignature":
    """As of now: when it was made, a file alone does not say. SignatureUnreadable."""
    from acts.signatures import as_der, check_signature  # noqa: PLC0415 - slow to import

    with readable_file(file).open("rb") as source:
        der = as_der(source.read(_LIMIT))
    return check_signature(der, {"kk": pdf}, authorities, datetime.now(UTC))


def problem_of(found: "PersonSignature") -> str:
    """In words; empty also where only nobody said whose authorities count."""
    from acts.signatures import SignatureProblem  # noqa: PLC0415 - slow to import
    from exam_api.web.i18n import catalogue  # noqa: PLC0415 - slow to import

    if found.problem in {None, SignatureProblem.NO_AUTHORITIES}:
        return ""
    return str(catalogue(language()).messages[f"signature.problem.{found.problem}"])


def line_of(name: str, found: "PersonSignature") -> str:
    words = {"file": name, "subject": found.subject or "—", "issuer": found.issuer}
    if found.problem is None:
        return text("verify.person", **words)
    if problem := problem_of(found):
        return text("verify.person_not_verified", **words, problem=problem)
    return text("verify.person_not_compared", **words)


def facts_of(signed: "Iterable[PersonSigned]") -> list[Mapping[str, object]]:
    return [
        {
            "file": one.file,
            "subject": one.found.subject,
            "issuer": one.found.issuer,
            "verified": one.found.problem is None,
            "problem": one.found.problem,
        }
        for one in signed
    ]
