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


PLANNING = ["/schedule?week=2027-02-01", "/schedule/periods", "/schedule/rules"]
PEOPLE = ["/people", "/people/new", "/people/import", "/structure", "/audit", "/account"]


@pytest.mark.timeout(420)
def test_a_session_is_planned_by_keyboard_alone(visit, own_server):
    """Session, working group, room, exam and window, proctors, students, and the calendar."""
    planner = visit(base=own_server.url)
    planner.sign_in("testing")
    page = planner.open("/schedule")
    planner.press("a[href='/schedule/periods']")
    page.wait_for_selector("#add-period")
    # Days that are the months as well: a browser asks for them in its own order.
    planner.press("[action='/schedule/periods'] [name=title]", "Winter 2027")
    planner.press("[name=starts_on]", "01/01/2027")
    planner.press("[name=ends_on]", "03/03/2027")
    planner.press("[name=order_number]", "12-2027")
    planner.press("[name=order_date]", "01/01/2027")
    planner.press("[action='/schedule/periods'] [name=members]", "Space")
    planner.press("[action='/schedule/periods'] .primary")
    page.wait_for_selector("h2:has-text('Winter 2027')")
    planner.press("[action='/schedule/rooms'] [name=name]", "B-204")
    planner.press("[action='/schedule/rooms'] [name=seats]", "30")
    planner.press("[action='/schedule/rooms'] .button")
    page.wait_for_selector("summary:has-text('B-204')")

    planner.open("/schedule")
    planner.press("a[href='/schedule/exams/new']")
    page.wait_for_selector("[name=opens_at]")
    planner.check_names()
    planner.press("[name=period]", "ArrowDown")
    planner.press("[name=opens_at]", "02/02/2027", "ArrowRight", "10:00A")
    planner.press("[name=closes_at]", "02/02/2027", "ArrowRight", "11:30A")
    planner.press("[name=rooms]", "Space")
    planner.press("main .actions .primary")
    page.wait_for_selector("#proctors")
    planner.press("#proctors summary")
    planner.press("[name=proctors]", "Space")
    planner.press("[name=member]", "ArrowDown")
    planner.press("[action$='/proctors'] .primary")
    page.wait_for_selector("#proctors tbody tr")
    planner.press("[name=groups]", "Space")
    planner.press("[action$='/enrol'] .primary")
    page.wait_for_selector("#students tbody tr")
    planner.check_names()
    planner.check_page("planned")
    planner.open(page.url.removeprefix(planner.base).split("#")[0])
    planner.press("a[href$='/admission']")
    page.wait_for_selector("[name=file]")
    planner.check_names()
    for path in PLANNING:
        planner.open(path)
        planner.check_names()
        planner.check_page("planning")
    planner.open(PLANNING[0])
    planner.press(".calendar a")
    page.wait_for_selector("#proctors")


@pytest.mark.timeout(240)
def test_people_are_kept_by_keyboard_alone(visit, tmp_path):
    """Pages of people, an import refused with its rows, a person, roles and log-in sessions."""
    keeper = visit(locale="ru-RU")
    keeper.sign_in("admin")
    for path in PEOPLE:
        keeper.open(path)
        keeper.check_names()
        for _ in range(25):
            keeper.tab()
    table = tmp_path / "people.csv"
    table.write_text("login;full_name;roles\nnew.one;;student\nother;Other One;nobody\n", "utf-8")
    page = keeper.open("/people/import")
    page.set_input_files("[name=file]", table)  # the window that asks for it is the browser's
    keeper.press("main form button")
    page.wait_for_selector("main table")
    assert set(page.locator("main tbody td:first-child").all_inner_texts()) == {"2", "3"}
    keeper.check_names()
    keeper.check_page("import-refused")
    keeper.open("/people")
    keeper.press("main table a")
    page.wait_for_selector("#sessions-heading")
    keeper.check_names()
    keeper.check_page("person")
    keeper.press("a[href$='/edit']")
    page.wait_for_selector("[name=roles]")
    keeper.press("[name=roles]", "Space")
    keeper.check_names()
    keeper.check_page("roles")
