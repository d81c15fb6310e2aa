"""Results, appeals, figures, notices and mail: on a phone, in each language, by axe."""

import pytest

pytestmark = pytest.mark.e2e

PAGES = [
    ("registrar", "/results", "ru-RU"),
    ("registrar", "/statistics", "kk-KZ"),
    ("registrar", "/appeals/commissions", "en-GB"),
    ("appeals", "/appeals", "kk-KZ"),
    ("student3", "/grades", "ru-RU"),
    ("dean", "/notices", "kk-KZ"),
    ("admin", "/mail", "en-GB"),
    ("admin", "/clients", "ru-RU"),
]

ONE_ROW = 80  # px


@pytest.mark.parametrize(("login", "path", "locale"), PAGES)
def test_a_page_of_results_is_readable_on_a_phone(visit, login: str, path: str, locale: str):
    visitor = visit(locale=locale, width=390)
    visitor.sign_in(login)
    page = visitor.open(path)
    assert page.evaluate("document.querySelector('.top').offsetHeight") < ONE_ROW
    page.focus(".menu summary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".who-name:visible")
    visitor.check_page(path.strip("/").replace("/", "-"))
