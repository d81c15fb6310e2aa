"""From the log-in to the decided act: five people, each at a browser, a real camera stream."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from acts.verify import sealed_record

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


STUDENT = "Нұрланова Айгерім"
ABSENCE = f"#feed li:has-text('No person in the picture'):has-text('{STUDENT}')"


def pdf_text(path: Path, pdftotext: Path) -> str:
    done = subprocess.run([pdftotext, "-layout", path, "-"], check=True, capture_output=True)
    return done.stdout.decode()


def check_devices(student) -> None:
    """Sign in, read the rules, consent, check the camera."""
    page = student.open("/")
    assert "/login" in page.url
    student.check_page("01-login")
    student.sign_in("student1")
    student.check_page("02-cabinet")
    page.click("form[action$='/enter'] button")
    page.wait_for_selector("#consent:visible")
    assert page.is_disabled("[data-act=accept]")
    student.check_page("03-rules")
    page.check("#consent")
    page.click("[data-act=accept]")
    for part in ("recording", "camera", "microphone"):
        page.wait_for_selector(f"[data-check={part}].ok")
    student.check_page("04-check")


def answer_by_keyboard(student, count: int) -> None:
    page = student.page
    page.click("[data-act=begin]")
    page.wait_for_selector("fieldset:visible")
    for number in range(count):
        page.keyboard.press(str(1 + number % 4))
        page.wait_for_selector(f".cell.saved >> nth={number}")
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#question-heading") == f"Question {count + 1} of 25"
    assert page.inner_text(".saved-all") == "All answers are saved"
    assert re.fullmatch(r"(1:00:00|59:\d\d)", page.inner_text(".left"))
    assert page.inner_text("#self-state") == "Recording"
    student.check_page("05-test")


def watch_live(proctor) -> None:
    """The absence shows on the console as it happens: its first sign, then what is to be judged."""
    watch = proctor.sign_in("proctor1")
    proctor.check_page("06-exams")
    watch.click("a.primary[href^='/console/']")
    watch.wait_for_selector("#connection:has-text('Live')")
    sign = f"exam-tile:has-text('{STUDENT}') .sign"
    watch.wait_for_selector(f"{sign}:text-is('No person in the picture?')")
    proctor.shot("07-sign")
    watch.wait_for_selector(sign, state="hidden")
    watch.wait_for_selector(ABSENCE)
    watch.wait_for_selector("exam-tile img:visible")
    proctor.check_page("07-console")


def finish(student) -> None:
    """T-4.12: the result is there at once."""
    page = student.page
    page.click(".overview .finish")
    page.wait_for_selector("dialog[open]")
    assert page.inner_text("#finish-text").startswith("20 questions have no answer.")
    student.check_page("08-finish")
    page.click("[data-act=finish-yes]")
    page.wait_for_selector("#result-letter:visible")
    assert page.inner_text("#result-letter") == "F"  # 5 of 25 answered: at most 20 points
    assert page.inner_text("#result-correct").endswith(" of 25")
    student.check_page("09-result")


def review_and_confirm(proctor) -> str:
    """By keyboard, after looking at recording, evidence and clip. Gives the act's address."""
    watch = proctor.page
    watch.wait_for_selector(f"exam-tile:has-text('{STUDENT}') .badge:has-text('finished')")
    watch.click(f"{ABSENCE} a >> nth=0")
    watch.wait_for_selector("#detail:visible")
    proctor.until("document.querySelector('#video').duration > 3")
    proctor.until("document.querySelector('.evidence img').naturalWidth > 0")
    proctor.until("document.querySelector('.before img').naturalWidth > 0")
    proctor.until("document.querySelector('.clip').duration > 1")
    proctor.check_page("10-review")
    watch.fill("#comment", "Left the room.")
    watch.keyboard.press("Tab")
    assert watch.evaluate("document.activeElement.dataset.verdict") == "confirmed"
    watch.keyboard.press("Enter")
    watch.wait_for_selector("#acts a")
    watch.wait_for_selector("#flags .badge:has-text('confirmed')")
    proctor.check_page("11-confirmed")
    address = watch.get_attribute("#acts a[hreflang=kk]", "href")
    assert address
    return proctor.base + address


def form4_rows(proctor, target: Path) -> list[tuple[object, ...]]:
    page = proctor.open("/console")
    with page.expect_download() as saving:
        page.click("a[href$='/form4.xlsx']")
    saving.value.save_as(target)
    return list(openpyxl.load_workbook(target).active.iter_rows(values_only=True))


def test_an_absence_becomes_a_flag_an_act_and_a_row_of_form_4(
    visit, coming_and_going, require: Callable[[str], Path], tmp_path: Path
):
    pdftotext = require("pdftotext")
    student, proctor, member = visit(using=coming_and_going), visit(), visit()
    check_devices(student)
    answer_by_keyboard(student, 5)
    watch_live(proctor)
    finish(student)
    act = tmp_path / "act.pdf"
    act.write_bytes(proctor.context.request.get(review_and_confirm(proctor)).body())

    # The act in Kazakh has form 1's own labels, letter for letter.
    text = pdf_text(act, pdftotext)
    for label in ("АКТ №", "Білім алушының АТӘ", "Бұзушылықтың сипаттамасы", "Актімен таныстым"):
        assert label in text
    assert STUDENT in text
    assert re.search(r"☑\s+өздігінен орын ауыстыру, аудиториядан шығу", text)

    compare_file(visit, act)

    # S-17: the ACT column says made.
    rows = form4_rows(proctor, tmp_path / "form4.xlsx")
    row = next(row for row in rows if any(STUDENT in str(cell) for cell in row))
    assert "жасалды" in row

    member.sign_in("member")
    member.page.click("a[href^='/overview/']")
    member.page.wait_for_selector(f"tr:has-text('{STUDENT}') .docs")
    member.check_page("13-overview")
    way_of_the_act(student, proctor, member, visit)


def compare_file(visit, act: Path) -> None:
    """Whoever has the file and its QR code can tell, without a log-in, whether it is the act."""
    record = sealed_record(act.read_bytes())
    assert record is not None
    anyone = visit(locale="ru-RU", width=390)
    page = anyone.open("/verify/" + json.loads(record)["verify_url"].partition("/verify/")[2])
    page.set_input_files("#verify-choose", act)
    page.wait_for_selector("[data-found=same]:visible")
    anyone.check_page("14-verify")
    changed = act.with_name("changed.pdf")
    changed.write_bytes(act.read_bytes()[:-1])
    page.set_input_files("#verify-choose", changed)
    page.wait_for_selector("[data-found=other]:visible")


def way_of_the_act(student, proctor, member, visit) -> None:
    """S-16 … S-19: five people, each at a browser of their own, take the act to its end.

    What each does on the way is done by keyboard.
    """
    dean, commission = visit(), visit(width=390)
    sheet = send_list(member, proctor.page.inner_text(".who-name"))
    hand_in(proctor, sheet)
    member.open(sheet)
    member.press("#step-sign button")
    member.page.wait_for_selector("#step-forward")
    member.press("#step-forward button")
    member.page.wait_for_selector("#step-retrieve")
    member.check_page("14-list-forwarded")

    student.open("/cabinet")
    assert student.page.locator("a[href^='/acts/']").count() == 0  # nobody has delivered it
    dean.sign_in("dean")
    dean.open("/acts")
    dean.check_page("15-acts")
    dean.page.click(f"th a:has-text('{STUDENT}')")
    dean.page.wait_for_selector("button[value=deliver]")
    dean.press("button[value=deliver]")
    dean.page.wait_for_selector(".badge:has-text('delivered to the student')")
    dean.check_page("16-delivered")

    student.open("/cabinet")
    student.page.click("a:has-text('Open and answer')")
    student.page.wait_for_selector(".badge:has-text('opened by the student')")
    student.until("document.querySelector('.shot img').naturalWidth > 0")
    student.press("button[value=disagree]")
    student.page.wait_for_selector("[role=alert]")  # not without a reason
    student.press("textarea[name=text]", "The light went out, I was at the switch.")
    student.check_page("17-answer")
    student.press("button[value=disagree]")
    student.page.wait_for_selector(".badge:has-text('the student disagrees')")

    for login in ("commission", "commission2", "commission3"):  # S-12
        commission.context.clear_cookies()
        commission.sign_in(login)
        page = commission.open("/acts")
        page.click(f"th a:has-text('{STUDENT}')")
        page.wait_for_selector("text=The light went out")
        commission.check_page(f"18-{login}")
        commission.press("textarea[name=text]", "Minutes 7: left the picture.")
        commission.press("button[value=confirm]")
        page.wait_for_selector("li:has-text('vote: “Confirm, annul the result”')")
    page.wait_for_selector(".badge:has-text('confirmed, the result is annulled')")
    student.page.reload()
    student.page.wait_for_selector("text=Minutes 7: left the picture.")
    student.open("/grades")
    student.page.wait_for_selector("td:has-text('F')")
    student.check_page("19-annulled")


def send_list(member, proctor: str) -> str:
    """S-16; gives the list's address."""
    page = member.open("/check-lists")
    page.click(f"form.card:has(h3:text-is('{proctor}')) button")
    page.wait_for_selector("#step-send")
    member.press("#step-send button")
    page.wait_for_selector("#step-recall")
    return str(page.url).removeprefix(member.base)


# Everybody else's sitting of the list is over, and every flag decided: the list can be handed in.
SETTLE = """async ids => {
  const post = (path, body) => fetch(`/api/v1/sittings/${path}`, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)})
  for (const id of ids) {
    for (const way of ["refuse", "remove"]) await post(`${id}/${way}`, {reason: "left"})
    const {flags} = await (await fetch(`/api/v1/sittings/${id}/flags`)).json()
    const open = flags.filter(flag => !flag.decision).map(flag => flag.id)
    if (open.length) await post(`${id}/decisions`, {verdict: "dismissed", flag_ids: open})
  }
}"""


def hand_in(proctor, sheet: str) -> None:
    """S-17: every sitting gets its answer, as it is on record."""
    page = proctor.open(sheet)
    links = page.locator("#findings th a").all()
    sittings = [str(link.get_attribute("href")).rpartition("/")[2] for link in links]
    page.evaluate(SETTLE, sittings)
    with page.expect_navigation():
        proctor.press("button[name=follow]")
    proctor.press("#step-hand_in button")
    page.wait_for_selector("#step-take_back")
    proctor.check_page("list-handed-in")


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("dean", "/overview"),
        ("registrar", "/overview"),
        ("testing", "/overview"),
        ("admin", "/overview"),
    ],
)
def test_each_role_arrives_at_its_own_page(visit, login: str, path: str):
    visitor = visit(locale="kk-KZ")
    page = visitor.sign_in(login)
    assert page.url.endswith(path)
    assert page.inner_text("h1") == "Емтихандар"


def test_the_administrator_reads_the_list_of_people_and_others_do_not(visit):
    admin = visit(locale="ru-RU", width=390)
    admin.sign_in("admin")
    admin.open("/people")
    assert admin.page.inner_text("h1") == "Пользователи"
    admin.check_page("people")
    dean = visit(locale="ru-RU")
    dean.sign_in("dean")
    dean.open("/people")
    assert "Доступ закрыт" in dean.page.inner_text("main")
