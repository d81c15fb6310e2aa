"""A test file goes into the bank by its pages, and a student answers each kind of question."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from exam_api.adapters.interchange.building import (
    choice_item,
    matching_item,
    number_item,
    ordering_item,
    text_item,
)
from exam_api.adapters.interchange.moodle_xml import write_moodle_xml
from exam_api.adapters.interchange.pictures import checked_picture
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import FULL, ItemKind, NumberAnswer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

QUESTIONS = 25
A, B, C = ({"en": text} for text in ("alpha", "beta", "gamma"))


def items(picture: str) -> list[ItemContent]:
    """Five of each of five kinds, with a formula and a picture among them."""
    found = []
    for n in range(5):
        stem = {"en": f"Question {n}: what is \\(\\frac{{{n}}}{{2}}\\)?"}
        shown = {"en": f"Question {n}: what do you see? ![a red field]({picture})"}
        found += [
            choice_item(ItemKind.MULTIPLE, shown, [(A, FULL // 2), (B, FULL // 2), (C, -FULL)]),
            matching_item(stem, [(A, {"en": "one"}), (B, {"en": "two"}), (None, {"en": "three"})]),
            ordering_item(stem, [A, B, C]),
            text_item(stem, [("alpha", FULL)]),
            number_item(stem, [NumberAnswer(Decimal(n), Decimal("0.5"))]),
        ]
    return found


def file_of_items(folder: Path) -> Path:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (190, 30, 40)).save(out, "PNG")
    name, data = checked_picture(out.getvalue())
    file = folder / "test.xml"
    file.write_bytes(write_moodle_xml(items(name), "en", {name: data}).data)
    return file


def tick_all(page: Page) -> None:
    for box in page.locator("input[name=item]").all():
        box.check()


def answer(page: Page) -> str:
    """The question that is open, by keyboard alone; its kind."""
    if page.locator(".question input[type=checkbox]").count():
        page.keyboard.press("1")
        page.keyboard.press("2")
        return "multiple"
    if page.locator(".pair select").count():
        page.locator(".pair select").first.focus()
        page.keyboard.type("on")  # as in any list box: the first letters choose
        return "matching"
    if page.locator(".steps-list").count():
        page.locator(".steps-list button:enabled").first.focus()
        page.keyboard.press("Enter")
        return "ordering"
    field = page.locator(".written input")
    field.focus()
    page.keyboard.type("2,5")
    return "number" if field.get_attribute("inputmode") == "decimal" else "text"


def test_from_a_file_to_answers_of_every_kind(visit, own_server, tmp_path: Path) -> None:
    teacher, head = visit(base=own_server.url), visit(base=own_server.url)
    page = teacher.sign_in("teacher")
    page.click(".cards h3 a")
    bank = page.url
    page.click("a[href$='/import']")
    page.select_option("[name=format]", "moodle_xml")
    page.set_input_files("[name=file]", file_of_items(tmp_path))
    page.click("main form .primary")
    expect(page.locator(".preview-item")).to_have_count(QUESTIONS)
    expect(page.locator("img.picture").first).to_have_js_property("naturalWidth", 60)
    teacher.check_page("preview")
    page.click("main form .primary")
    tick_all(page)
    teacher.check_page("bank")
    page.click("[value=submit]")
    office = head.sign_in("head")
    office.goto(f"{bank}?state=approved")
    tick_all(office)
    office.click("[value=withdraw]")
    office.goto(f"{bank}?state=submitted")
    tick_all(office)
    office.click("[value=approve]")
    expect(office.locator(".badge.ok", has_text="Approved")).to_have_count(QUESTIONS)
    student = visit(base=own_server.url, width=390)
    student.sign_in("student3")
    test = student.enter_test()
    seen = set()
    for number in range(1, QUESTIONS + 1):
        expect(test.locator("#question-heading")).to_contain_text(f"{number}")
        kind = answer(test)
        expect(test.locator(".saved-one")).to_contain_text("Saved at")
        if kind not in seen:
            student.check_page(kind)
            if kind == "multiple":
                expect(test.locator("legend img.picture")).to_have_js_property("naturalWidth", 60)
            else:
                expect(test.locator("legend img.formula")).to_be_visible()
        seen.add(kind)
        test.locator(".question .actions .button").last.click() if number < QUESTIONS else None
    assert seen == {"multiple", "matching", "ordering", "text", "number"}
    expect(test.locator(".cell.saved")).to_have_count(QUESTIONS)
    test.reload()
    test.wait_for_selector("fieldset:visible")
    expect(test.locator(".cell.saved")).to_have_count(QUESTIONS)
