"""Who asks in the table of every route, and what a row of it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOBODY = frozenset({"nobody"})
OWNER = frozenset({"student1"})  # whose sitting, flag, act and appeal the paths name
OTHERS = frozenset({"student2"})  # sits the same exam
PROCTOR = frozenset({"proctor1"})  # of that sitting; proctor2 has other students of the same exam
ADMIN = frozenset({"admin"})
REGISTRAR = frozenset({"registrar"})
RECORDS = ADMIN | REGISTRAR
TESTING = frozenset({"testing"})
OVERSEERS = RECORDS | TESTING
WATCHERS = OVERSEERS | PROCTOR | {"member", "dean"}  # of that sitting
EXAM_WATCHERS = WATCHERS | {"proctor2", "member2"}  # the exam's lists, each with their own rows
MEMBER = frozenset({"member"})  # answers for proctor1
MEMBERS = MEMBER | {"member2"}
LIST_READERS = OVERSEERS | PROCTOR | MEMBER
LOADERS = frozenset({"teacher"})
HEADS = frozenset({"head"})
DEPARTMENT = LOADERS | HEADS
BANK = DEPARTMENT | TESTING
GRADERS = OVERSEERS | DEPARTMENT | {"dean"}
JUDGES = frozenset({"appeals"})  # of that appeal
COMMISSION = frozenset({"commission"})
ACT_READERS = WATCHERS | OWNER | COMMISSION
ACT_SIGNERS = ACT_READERS - RECORDS
SECOND = frozenset({"proctor2", "proctor9"})  # proctors who watch not that student
APPEAL_READERS = OVERSEERS | OWNER | JUDGES | {"dean"}
STATISTICIANS = GRADERS | {"dean2", "teacher2", "head2"}  # each of their own students
# Another exam's, faculty's, department's, commission's.
STRANGERS = frozenset(
    {"student9", "proctor9", "dean2", "teacher2", "head2", "appeals2", "commission9"}
)
SIGNED_IN = EXAM_WATCHERS | DEPARTMENT | JUDGES | COMMISSION | OWNER | OTHERS | STRANGERS
PEOPLE = SIGNED_IN | NOBODY
FEW = NOBODY | OWNER | ADMIN
NO_ONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """``tells``, ``told``: what of the answer only those may find.

    ``asked``: not everybody, where each answer is slow. ``hangs``: an endless stream.
    """

    method: str
    path: str
    may: frozenset[str]
    json: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] | None = None
    content: bytes | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    tells: str = ""
    told: frozenset[str] = NO_ONE
    asked: frozenset[str] = PEOPLE
    hangs: bool = False


def row(call: str, may: frozenset[str], **more: object) -> Row:
    method, path = call.split()
    return Row(method, path, may, **more)  # type: ignore[arg-type]


def rows(may: frozenset[str], *calls: str, **more: object) -> tuple[Row, ...]:
    return tuple(row(call, may, **more) for call in calls)


def steps(may: frozenset[str], *codes: str) -> tuple[Row, ...]:
    """Of an act: by the page's form, and by the API."""
    given = [{"step": code, "text": "x"} for code in codes]
    return tuple(
        one
        for body in given
        for one in (
            row("POST /acts/{act_id}/steps", may, form=body),
            row("POST /api/v1/acts/{act_id}/steps", may, json=body),
        )
    )


def signatures(
    kind: str, paper: str, readers: frozenset[str], signers: frozenset[str]
) -> tuple[Row, ...]:
    """Of people, beside documents of a kind."""
    page, given = f"/{kind}/{{paper_id}}/signatures", {"paper_id": paper}
    headers = {"Content-Type": "application/pkcs7-signature"}
    one = {**given, "signature_id": f"{{signature of {kind}}}"}
    return (
        row(f"GET {page}", readers, values=given),
        row(f"GET /api/v1{page}", readers, values=given),
        row(f"GET /api/v1{page}/{{signature_id}}.p7s", readers, values=one),
        row(f"POST {page}", signers, values=given, form={"language": "kk"}),
        row(f"POST /api/v1{page}", signers, values=given, content=b"no CMS", headers=headers),
    )
