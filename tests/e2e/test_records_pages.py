"""People, structure, test bank, schedule, admission: by keyboard, on a phone, for axe."""

from collections.abc import Mapping, Sequence

import pytest

pytestmark = pytest.mark.e2e

# Who opens what. {exam}, {item} … are taken from links of the pages before.
PAGES: Mapping[str, Sequence[str]] = {
    "admin": (
        "/people",
        "/people/new",
        "{person}",
        "{person}/edit",
        "/people/import",
        "/structure/faculty",
        "/structure/study_group",
        "/structure/discipline",
        "{discipline}",
        "/audit",
    ),
    "teacher": (
        "/bank",
        "{bank}",
        "{bank}/import",
        "{bank}/tests/new",
        "{bank}/new?kind=single",
        "{bank}/new?kind=matching",
        "{item}",
        "{item}/edit",
    ),
    "testing": (
        "/schedule",
        "{week}",
        "/schedule/periods",
        "/schedule/rules",
        "/schedule/exams/new",
        "{exam}",
        "{exam}/edit",
        "{exam}/admission",
    ),
    "proctor1": ("/schedule", "/notices"),
    "student2": ("/cabinet", "/account", "/account/password"),
}
LINKS = {
    "person": "main th a[href^='/people/']",
    "discipline": "main td a[href^='/structure/discipline/']",
    "bank": "main a[href^='/bank/']",
    "item": "main th a[href^='/bank/items/']",
    "week": "main nav a[href^='/schedule?week=']",
    "exam": "main article a[href^='/schedule/exams/']",
}


LOCALES = ("ru", "kk", "en", "kk", "ru")


@pytest.mark.parametrize(("login", "locale"), zip(PAGES, LOCALES, strict=True))
def test_pages_fit_a_phone_and_say_what_they_are(visit, login: str, locale: str):
    visitor = visit(locale=locale, width=390)
    page = visitor.sign_in(login)
    known: dict[str, str] = {}
    for number, path in enumerate(PAGES[login]):
        visitor.open(path.format_map(known))
        assert page.locator("h1").count() == 1, path
        assert page.get_attribute("html", "lang") == locale
        visitor.check_page(f"{login}-{number}")
        for name, link in LINKS.items():
            if name not in known and page.locator(link).count():
                known[name] = page.locator(link).first.get_attribute("href") or ""


def test_a_file_of_people_is_taken_by_keyboard(visit, tmp_path):
    """A wrong row is named with its number; the mended file is previewed and taken."""
    visitor = visit(locale="en-GB", width=390)
    page = visitor.sign_in("admin")
    rows = "login;full_name;roles;group\nkeys1;Сағат Дана;student;{group}\n"
    file = tmp_path / "people.csv"
    file.write_text(rows.format(group="ЖОҚ-9"))
    visitor.open("/people/import")
    page.set_input_files("[name=file]", file)
    page.focus("[name=file]")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "There is no such group" in page.inner_text("main table")
    assert "2" in page.inner_text("main table td.num")
    visitor.check_page("import-refused")
    file.write_text(rows.format(group="АЖ-25-1"))
    page.set_input_files("[name=file]", file)
    page.focus("[name=file]")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/take']")
    visitor.check_page("import-preview")
    page.focus("form[action$='/take'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("a[download]")
    assert "keys1" in page.inner_text("main table")
    visitor.check_page("import-done")
