"""The three catalogues say the same things, completely, and every key that is used exists."""

import importlib
import pkgutil
import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import acts
import capture
import exam_api
from acts.contracts import Form1Item
from acts.errors import ActsError
from acts.form4 import COLUMNS as FORM4_COLUMNS
from acts.signatures import SignatureProblem
from analysis.contracts import FlagKind, Severity
from capture.contracts import GapCause, Relief, TrackKind
from capture.errors import CaptureError
from exam_api.domain.act_course import WHO, ActState, ActStep
from exam_api.domain.admission import Admission
from exam_api.domain.appeals import AppealState
from exam_api.domain.bank_tests import ControlType, Step, TestProblem, TestState
from exam_api.domain.check_lists import Finding, ListState, ListStep, RowProblem
from exam_api.domain.conflicts import ConflictKind
from exam_api.domain.errors import ExamError
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.grades import Remark
from exam_api.domain.item_rules import DIFFICULTIES
from exam_api.domain.items import ItemKind, ItemState
from exam_api.domain.notices import NoticeKind
from exam_api.domain.people import PersonData
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.policy_rules import OneOf, rules_of
from exam_api.domain.roles import Role
from exam_api.domain.sitting_log import LogKind
from exam_api.domain.statements import RowProblem as StatementProblem
from exam_api.domain.states import COMPLETED, SittingState
from exam_api.services.check_sheets import SheetProblem
from exam_api.services.course import ProctorAction, Want
from exam_api.services.drawn_documents import Capacity
from exam_api.services.erasures import PHOTOS_ERASED
from exam_api.services.identity_ports import PhotoKind
from exam_api.services.interchange import FileFormat
from exam_api.services.notices_ports import DeliveryState
from exam_api.services.people_import import Change
from exam_api.services.people_ports import PlaceKind
from exam_api.services.proctoring_ports import SecondFinding, Verdict
from exam_api.services.readiness import Duty
from exam_api.services.session_statistics import DIMENSIONS
from exam_api.services.signatures_ports import PaperKind
from exam_api.services.structure import PARENT_OF, WITH_CODE
from exam_api.web import errors as web_errors
from exam_api.web.i18n import LANGUAGES, LOCALES, PLURALS, Message, catalogue
from exam_api.web.pages.bank_form import FLAGS

WEB = Path(web_errors.__file__).parent
ENGLISH = catalogue("en").messages
AUDITED = [
    *(
        f"{kind}.{did}"
        for kind in PlaceKind
        for did in ("created", "changed", "disabled", "enabled")
    ),
    *(f"person.{did}" for did in ("created", "changed", "disabled", "enabled")),
    "person.password_reset",
    "person.sessions_ended",
    "statement.taken",
    "enrolment.granted",
    "enrolment.admitted",
    "enrolment.withdrawn",
    PHOTOS_ERASED,
    *Duty,
]


def problem_codes() -> list[str]:
    """Codes of what may be wrong with a field of a record."""
    files = (
        *("domain/people.py", "services/directory.py", "services/structure.py"),
        *("services/people_import.py", "adapters/sheets.py"),
    )
    text = "".join((WEB.parent / name).read_text() for name in files)
    found = re.findall(r'"(\w+_(?:malformed|missing|taken|unknown|lost|twice|permitted))"', text)
    codes = {code for code in found if not code.startswith(("sheet_", "columns_"))}
    places = (f"{column}_unknown" for column in ("group", "programme", "faculty", "department"))
    return sorted({*codes, *places, "cell_formula", "cell_too_long", "own_account_kept"})


def refusals() -> set[str]:
    """Every reason for which a file or an item of it is refused."""
    files = [
        *(WEB.parent / "adapters/interchange").glob("*.py"),
        WEB.parent / "services/bank_files.py",
    ]
    text = "\n".join(file.read_text() for file in files)
    named = set(
        re.findall(r'(?:FileRefused|ItemRefused|Refusal)\((?:\w+\.\w+, )?"([a-z_0-9]+)"', text)
    )
    return (named | {"column_missing_kind", "column_missing_right"}) - {"problem"}


def item_problems() -> set[str]:
    """Every code that a check of an item gives."""
    files = [
        "domain/item_rules.py",
        "services/bank_items.py",
        "services/bank_pictures.py",
        "web/pages/bank_form.py",
    ]
    text = "\n".join((WEB.parent / file).read_text() for file in files)
    return set(re.findall(r'Problem\([^)\n]*?, "(\w+)"\)', text))


# Keys that templates and scripts put together from a code: prefix → the codes.
MADE_UP = {
    "check_lists.state.": list(ListState),
    "check_lists.step.": list(ListStep),
    "check_lists.step_about.": list(ListStep),
    "check_lists.did.": list(ListStep),
    "check_lists.says.": list(Finding),
    "check_lists.problem.": list(RowProblem),
    "check_lists.sheet_problem.": list(SheetProblem),
    "check_lists.column.": FORM4_COLUMNS,
    "act_state.": list(ActState),
    "way.do.": [step for step in WHO if step is not ActStep.OPEN],
    "way.done.": list(ActStep),
    "signature.problem.": list(SignatureProblem),
    "signature.of.": list(PaperKind),
    "review.second.": list(SecondFinding),
    "appeals.state.": list(AppealState),
    "statistics.by.": DIMENSIONS,
    "results.remark.": [remark for remark in Remark if remark],
    "item.how.": [kind for kind in ItemKind if kind is not ItemKind.SINGLE],
    "notice.name.": list(NoticeKind),
    "notice.title.": list(NoticeKind),
    "notice.text.": list(NoticeKind),
    "mail.state.": list(DeliveryState),
    "bank.state.": list(ItemState),
    "bank.kind.": list(ItemKind),
    "bank.difficulty.": [*DIFFICULTIES, "any"],
    "bank.control.": list(ControlType),
    "bank.test_state.": list(TestState),
    "bank.test_problem.": list(TestProblem),
    "bank.step.": list(Step),
    "bank.due.": ["done", "ahead", "late"],
    "bank.flag.": FLAGS,
    "bank.place.": ["stem", "choice", "target", "answer", "topic", "difficulty"],
    "bank.problem.": sorted(item_problems()),
    "bank.refusal.": sorted(refusals()),
    "bank.format.": list(FileFormat),
    "bank.dropped.": ["feedback", "hints", "grade"],
    "conflict.": list(ConflictKind),
    "duty.": list(Duty),
    "identity.": list(PhotoKind),
    "capacity.": list(Capacity),
    "drawn.form": [1, 2, 3],
    "problem.act.": [
        *("too_few", "commission", "witnesses", "no_breach", "too_long", "time"),
        *("name_missing", "twice", "no_picture"),
    ],
    "approval.": ["schedule", "staff"],
    "statement.problem.": list(StatementProblem),
    "admission.is.": list(Admission),
    "cabinet.why.": [one for one in Admission if one is not Admission.ADMITTED],
    "policy.": [
        *rules_of(ExamPolicy),
        *(
            f"{name}.{code}"
            for name, rule in rules_of(ExamPolicy).items()
            if isinstance(rule, OneOf)
            for code in rule.codes
        ),
    ],
    "periods.step.": ["schedule", "staff", "instructed"],
    "flag.": list(FlagKind),
    "seen.": [*FlagKind, "lips_moving", "lips_still", "lips_unknown"],
    "severity.": list(Severity),
    "gap.": list(GapCause),
    "relief.": [relief.name.lower() for relief in Relief if relief],
    "role.": list(Role),
    "state.": list(SittingState),
    "verdict.": ["open", *Verdict],
    "form1.": ["none", *Form1Item],
    "language.short.": LANGUAGES,
    "track.": list(TrackKind),
    "exam.phase.": ["upcoming", "checking", "open", "closed"],
    "room.step.": ["rules", "check", "test", "result"],
    "check.item.": ["camera", "microphone", "recording", "screen", "camera2"],
    "screen.": ["unsupported", "denied", "failed", "window", "tab", "stopped"],
    "check.light.": ["good", "dark", "bright", "backlit"],
    "console.filter.": ["all", "asking", "flagged", "silent", "running", "finished"],
    "test.state.": ["open", "saving", "saved", "unsaved", "refused"],
    "test.saved.": ["open", "saving", "saved", "unsaved", "refused"],
    "problem.": problem_codes(),
    "import.change.": list(Change),
    "second.outcome.": ["asked", "held", "here", "other"],
    "audit.what.": AUDITED,
    "people.field.": [
        *(field.name.removesuffix("_id") for field in fields(PersonData)),
        *("name_kk", "name_ru", "name_en", "code", "course", "programme", "disabled"),
        "exam_format",
        *("rows", "sha256", "extra_min", "break_min", "excused", "opens_at", "closes_at"),
        *("format", "items", "sitting", "files"),
    ],
    "people.status.": ["active", "disabled"],
    "place.": [*sorted(set(PARENT_OF.values())), "name"],
    "structure.": PlaceKind,
    "structure.add.": PlaceKind,
    "exam_format.": ExamFormat,
    "place.code.": sorted(WITH_CODE),
    "result.reason.": [state for state in SittingState if state in COMPLETED],
    "log.": list(LogKind),
    "want.": list(Want),
    "course.": [f"{act}{part}" for act in ProctorAction for part in ("", ".about", ".do", ".done")],
    "exams.": ["console", "console_about", "overview", "overview_about"],
}


def forms(message: Message) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


def placeholders(message: Message) -> set[str]:
    return {name for form in forms(message) for _, name, _, _ in Formatter().parse(form) if name}


def import_everything() -> None:
    """Every module, so that no error class is left out because nothing else imported it."""
    for package in (acts, capture, exam_api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"migrations|__main__", module.name):
                importlib.import_module(module.name)


def known_errors(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(found for child in root.__subclasses__() for found in known_errors(child))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_fuzzy_or_empty(language):
    entries = []
    for path in (LOCALES / language / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            read = read_po(file, locale=language, abort_invalid=True)
        entries += [entry for entry in read if entry.id]
    assert [entry.id for entry in entries if entry.fuzzy] == []
    messages = catalogue(language).messages
    assert [key for key, message in messages.items() if not all(forms(message))] == []
    assert len(entries) == len(messages), "a key stands twice"


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_keys_and_placeholders_are_those_of_english(language):
    messages = catalogue(language).messages
    assert set(messages) == set(ENGLISH)
    for key, message in messages.items():
        assert placeholders(message) == placeholders(ENGLISH[key]), key
        assert isinstance(message, str) == isinstance(ENGLISH[key], str), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_plural_message_has_a_form_for_each_category(language):
    for key, message in catalogue(language).messages.items():
        if not isinstance(message, str):
            assert tuple(message) == PLURALS[language], key


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_translations_are_translated(language):
    alike = {
        key
        for key, message in catalogue(language).messages.items()
        if message == ENGLISH[key] and not key.startswith(("app.name", "language.short."))
    }
    assert alike == set()


def test_every_error_has_words_for_people():
    import_everything()
    codes = {
        error.code  # type: ignore[attr-defined]
        for root in (ExamError, CaptureError, ActsError)
        for error in known_errors(root)
    }
    codes |= set(web_errors.STATUS_CODES.values())
    assert {code for code in codes if f"error.{code}" not in ENGLISH} == set()


@pytest.mark.parametrize("prefix", MADE_UP)
def test_every_code_that_makes_up_a_key_has_its_text(prefix):
    assert [code for code in MADE_UP[prefix] if f"{prefix}{code}" not in ENGLISH] == []


def test_every_problem_of_a_device_has_a_title_and_help():
    script = (WEB / "static/js/room/devices.js").read_text()
    cameras = (WEB / "static/js/room/camera.js").read_text()
    codes = set(re.findall(r'"((?:camera|no_camera|insecure|no_webrtc)\w*)"', script))
    codes |= set(re.findall(r'"(camera_\w+)"', cameras))
    assert "camera_busy" in codes
    for code in codes:
        assert f"device.{code}" in ENGLISH, code
        assert f"device.{code}.help" in ENGLISH, code
    for code in set(re.findall(r'"((?:mic_|no_mic)\w*)"', script)):
        assert f"device.{code}" in ENGLISH, code


def used_keys() -> set[str]:
    """Literal keys in templates, scripts and page modules."""
    files = [
        *(WEB / "templates").rglob("*.html"),
        *(WEB / "static/js").rglob("*.js"),
        *(WEB / "pages").rglob("*.py"),
        WEB / "notice_texts.py",
    ]
    text = "\n".join(file.read_text() for file in files)
    return set(re.findall(r"""["'`]([a-z0-9_]+(?:\.[a-z0-9_]+)+)["'`]""", text))


def test_every_key_that_a_page_names_exists():
    sections = {key.split(".")[0] for key in ENGLISH}
    # Names of files and of live events look like keys.
    events = {"flag.opened", "flag.updated", "flag.closed", "act.made"}
    named = {
        key
        for key in used_keys() - events
        if key.split(".")[0] in sections and not key.endswith((".html", ".js", ".json"))
    }
    assert named - set(ENGLISH) == set()
    assert len(named) > 150  # the search itself works


def test_no_text_is_left_that_no_page_uses():
    used = used_keys()
    prefixes = (*MADE_UP, "error.", "device.")
    left = {key for key in ENGLISH if key not in used and not key.startswith(prefixes)}
    assert left == set()


def test_the_kazakh_alphabet_survives_the_catalogue():
    text = "".join(form for message in catalogue("kk").messages.values() for form in forms(message))
    assert set("әғқңөұүі") <= set(text.lower())
