"""A notice in words, the same on the page and in the mail."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from exam_api.domain.languages import in_language
from exam_api.domain.notices import NoticeKind
from exam_api.services.notices_ports import Letter, StoredNotice
from exam_api.web.i18n import Catalogue, catalogue


@dataclass(frozen=True, slots=True)
class NoticeText:
    title: str
    text: str


def words_of(notice: StoredNotice, t: Catalogue) -> NoticeText:
    facts = {
        **notice.facts,
        "student": notice.student or "",
        "group": notice.facts.get("group") or notice.group,
        "exam": in_language(notice.exam, t.language) if notice.exam else "",
        "at": t.moment(notice.at),
    }
    if "what" in facts:
        facts["what"] = ", ".join(t(f"approval.{code}") for code in facts["what"].split(","))
    if "until" in facts:
        facts["until"] = t.moment(datetime.fromisoformat(facts["until"]))
    if notice.kind is NoticeKind.ACT_STEP:
        facts["state"] = t(f"act_state.{facts['state']}")
    if notice.kind is NoticeKind.BANK_DUE:
        facts["step"] = t(f"bank.step.{facts['step']}")
    for day in ("due_on", "starts_on"):
        if day in facts:
            facts[day] = t.day(date.fromisoformat(facts[day]))
    return NoticeText(
        t(f"notice.title.{notice.kind}", **facts), t(f"notice.text.{notice.kind}", **facts)
    )


def letter_writer(address: str, zone: ZoneInfo) -> Callable[[Letter], tuple[str, str]]:
    """``address``: of this site, in front of the link to the proof; ``zone``: of its times."""

    def write(letter: Letter) -> tuple[str, str]:
        t = catalogue(letter.language, zone)
        words = words_of(letter.notice, t)
        link = t("notice.mail_link", link=f"{address}{letter.notice.link}")
        return words.title, f"{words.text}\n\n{link}\n\n-- \n{t('notice.mail_footer')}\n"

    return write
