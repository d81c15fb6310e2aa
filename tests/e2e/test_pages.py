"""Pages as documents: languages, errors, the way in and out, small screens."""

import pytest

pytestmark = pytest.mark.e2e

HEADINGS = {"kk": "Жүйеге кіру", "ru": "Вход в систему", "en": "Sign in"}


@pytest.mark.parametrize("language", HEADINGS)
def test_the_browsers_language_is_spoken_from_the_first_page_on(visit, language: str):
    visitor = visit(locale=language, width=360)
    page = visitor.open("/login")
    assert page.inner_text("h1") == HEADINGS[language]
    assert page.get_attribute("html", "lang") == language
    visitor.check_page(f"login-{language}")


def test_a_chosen_language_stays_and_leads_back_to_the_same_page(visit):
    visitor = visit(locale="en-GB")
    page = visitor.sign_in("dean")
    visitor.open("/acts")
    page.click(".langs [value=ru]")
    page.wait_for_selector("h1:has-text('Акты')")
    assert page.url.endswith("/acts")
    page.click("text=Выйти")
    assert page.inner_text("h1") == "Вход в систему"


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(visit):
    visitor = visit(locale="kk-KZ")
    page = visitor.open("/login")
    page.fill("[name=login]", "student1")
    page.fill("[name=password]", "not the password")
    page.click(".sign-in button")
    assert page.inner_text("[role=alert]") == "Логин немесе құпиясөз қате."
    assert page.input_value("[name=login]") == "student1"
    visitor.check_page("wrong-password")


def test_who_is_not_signed_in_is_led_to_the_log_in_and_back(visit):
    visitor = visit()
    page = visitor.open("/acts")
    assert "/login?next=" in page.url
    page.fill("[name=login]", "dean")
    page.fill("[name=password]", "baqylau-demo")
    page.click(".sign-in button")
    page.wait_for_url("**/acts")


@pytest.mark.parametrize(
    ("locale", "heading"),
    [
        ("kk-KZ", "Бет табылмады"),
        ("ru-RU", "Страница не найдена"),
        ("en-GB", "There is no such page"),
    ],
)
def test_an_unknown_address_has_a_page_in_each_language(visit, locale: str, heading: str):
    visitor = visit(locale=locale, width=390)
    page = visitor.open("/no/such/page")
    assert page.inner_text("h1") == heading
    visitor.check_page("not-found")


def test_a_student_finds_no_other_persons_pages(visit):
    visitor = visit()
    page = visitor.sign_in("student3")
    for path in ("/review/x", "/console/x", "/overview/x"):
        visitor.open(path)
        assert page.inner_text(".error-page h1") == "There is no such page"
    visitor.open("/people")
    assert page.inner_text(".error-page h1") == "This is not open to you"


def test_an_unknown_act_is_told_to_anyone_without_signing_in(visit):
    visitor = visit(locale="ru-RU", width=390)
    page = visitor.open("/verify/00000000-0000-7000-8000-000000000000/abcdef")
    assert "не зарегистрирован" in page.inner_text("main")
    visitor.check_page("verify")


def test_pages_load_nothing_from_elsewhere_and_break_no_policy(visit):
    visitor = visit()
    foreign: list[str] = []
    visitor.page.on("request", lambda sent: foreign.append(sent.url))
    complaints: list[str] = []
    visitor.page.on("console", lambda said: complaints.append(said.text))
    visitor.sign_in("proctor1")
    visitor.page.click("a.primary[href^='/console/']")
    visitor.page.wait_for_selector("#connection:has-text('Live')")
    assert [url for url in foreign if not url.startswith(visitor.base)] == []
    assert [text for text in complaints if "Content Security Policy" in text] == []
