"""People from a file: preview, all or nothing, on both databases."""

import pytest
from sqlalchemy import func, select

from exam_api.adapters.sql.tables import AuditRow, User
from exam_api.domain.errors import Forbidden
from exam_api.domain.sheets import SheetUnreadable
from exam_api.services.people_import import Change, ImportOutdated, ImportRefused
from exam_api.services.seeding import DEMO_PASSWORD

pytestmark = pytest.mark.integration

HEAD = "login;аты-жөні;рөлі;топ;бағдарлама;курс;факультет;пошта;өшірілген\n".replace(
    "бағдарлама", "ббб"
)
NEW = "new.one;Жаңа Бірінші;;АЖ-25-1;;;;a@b.kz;\n"


def file(*rows: str) -> bytes:
    return (HEAD + "".join(rows)).encode()


async def actor(core, login: str):
    async with core.database.read() as unit:
        return (await unit.people.credentials(login)).actor


@pytest.fixture
async def admin(core):
    return await actor(core, "admin")


async def count(core, table=User) -> int:
    async with core.database.read() as unit:
        return await unit.session.scalar(select(func.count()).select_from(table))


async def test_a_preview_says_what_would_change_and_changes_nothing(core, admin) -> None:
    before = await count(core)
    plan = await core.people_import.preview(
        admin,
        file(
            NEW,
            "student1;Нұрланова Айгерім Серікқызы;;;;;;;\n",
            "student2;Басқа Есім;;ЕТ-25-2;;;;;\n",
            "student3;;;;;;;;иә\n",
        ),
    )
    assert [(one.row, one.change) for one in plan.people] == [
        (2, Change.NEW),
        (3, Change.UNCHANGED),
        (4, Change.CHANGED),
        (5, Change.DISABLED),
    ]
    changed = plan.people[2]
    assert (changed.before["group"], changed.after["group"]) == ("АЖ-25-1", "ЕТ-25-2")
    assert set(changed.after) == {"full_name", "group"}
    assert await count(core) == before


async def test_taking_it_makes_people_who_can_log_in(core, admin) -> None:
    content = file(NEW, "student3;;;;;;;;иә\n")
    plan = await core.people_import.preview(admin, content)
    done = await core.people_import.apply(admin, content, plan.digest)
    (given,) = done.passwords
    session = await core.accounts.log_in(given.login, given.password, "192.0.2.1")
    assert session.actor.must_change_password
    again = await core.people_import.preview(admin, content)
    assert {one.change for one in again.people} == {Change.UNCHANGED}
    async with core.database.read() as unit:
        told = (await unit.session.scalars(select(AuditRow.what))).all()
    assert sorted(told) == ["person.created", "person.disabled"]


async def test_a_new_group_is_made_with_its_programme(core, admin) -> None:
    row = "new.{};Жаңа;;Ф-25-1;6B05301 Физика;1;Ақпараттық технологиялар факультеті;;\n"
    content = file(row.format("a"), row.format("b"))
    plan = await core.people_import.preview(admin, content)
    assert [data.name["kk"] for _, data in plan.places.new] == ["Физика", "Ф-25-1"]
    await core.people_import.apply(admin, content, plan.digest)
    async with core.database.read() as unit:
        people = await unit.directory.by_logins(["new.a", "new.b"])
    assert {person.group for person in people.values()} == {"Ф-25-1"}
    assert (await core.people_import.preview(admin, content)).places.new == []


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ("x y;Аты Жөні;;АЖ-25-1;;;;;\n", "login", ("login_malformed", "x y")),
        ("new.two;;;АЖ-25-1;;;;;\n", "full_name", ("name_malformed", "")),
        ("new.two;?ліхан;;АЖ-25-1;;;;;\n", "full_name", ("letters_lost", "?ліхан")),
        ("new.two;Аты Жөні;ректор;;;;;;\n", "roles", ("role_unknown", "ректор")),
        ("new.two;Аты Жөні;;;;;;;\n", "roles", ("role_missing", "")),
        ("new.two;Аты Жөні;student;;;;;;\n", "group", ("group_missing", "")),
        ("new.two;Аты Жөні;;Ж-1;;;;;\n", "group", ("group_unknown", "Ж-1")),
        ("new.two;Аты Жөні;;Ж-1;6B99;1;;;\n", "programme", ("programme_unknown", "6B99")),
        ("new.two;Аты Жөні;;Ж-1;6B06102;9;;;\n", "course", ("course_malformed", "9")),
        ("new.two;Аты Жөні;dean_office;;;;Жоқ;;\n", "faculty", ("faculty_unknown", "Жоқ")),
        ("new.two;Аты Жөні;;АЖ-25-1;;;;почта;\n", "email", ("email_malformed", "почта")),
        ("new.two;Аты Жөні;;АЖ-25-1;;;;;мүмкін\n", "disabled", ("yes_no_unknown", "мүмкін")),
        ("new.two;=HYPERLINK(1);;АЖ-25-1;;;;;\n", "full_name", ("cell_formula", "")),
        ("NEW.ONE;Аты Жөні;;АЖ-25-1;;;;;\n", "login", ("login_twice", "NEW.ONE")),
        ("admin;Төлегенов;proctor;;;;;;\n", "roles", ("own_account_kept", "proctor")),
    ],
)
async def test_one_wrong_row_keeps_all_from_being_taken(core, admin, row, column, problem) -> None:
    content, before = file(NEW, row), await count(core)
    plan = await core.people_import.preview(admin, content)
    problems = {(one.row, one.column): (one.code, one.value) for one in plan.problems}
    assert problems[3, column] == problem
    with pytest.raises(ImportRefused):
        await core.people_import.apply(admin, content, plan.digest)
    assert (await count(core), await count(core, AuditRow)) == (before, 0)


async def test_records_that_changed_meanwhile_are_shown_again(core, admin) -> None:
    content = file("student2;Басқа Есім;;;;;;;\n")
    plan = await core.people_import.preview(admin, content)
    await core.people_import.apply(admin, file("student2;Үшінші Есім;;;;;;;\n"))
    with pytest.raises(ImportOutdated) as outdated:
        await core.people_import.apply(admin, content, plan.digest)
    assert outdated.value.plan.people[0].before == {"full_name": "Үшінші Есім"}


async def test_a_registrar_brings_students_in_but_no_staff(core) -> None:
    registrar = await actor(core, "registrar")
    assert not (await core.people_import.preview(registrar, file(NEW))).problems
    for row in ("new.two;Аты Жөні;administrator;;;;;;\n", "dean;Басқа Есім;;;;;;;\n"):
        (problem,) = (await core.people_import.preview(registrar, file(row))).problems
        assert problem.code == "role_not_permitted"
    with pytest.raises(Forbidden):
        await core.people_import.preview(await actor(core, "dean"), file(NEW))


async def test_a_disabled_person_s_sessions_end(core, admin) -> None:
    session = await core.accounts.log_in("student3", DEMO_PASSWORD, "192.0.2.1")
    await core.people_import.apply(admin, file("student3;;;;;;;;да\n"))
    assert await core.accounts.who(session.cookie) is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"name\nabc\n", "columns_missing"),
        (b"login,name,login\na,b,c\n", "columns_twice"),
    ],
)
async def test_the_heading_must_name_the_columns(core, admin, content, code) -> None:
    with pytest.raises(SheetUnreadable) as refused:
        await core.people_import.preview(admin, content)
    assert refused.value.code == code


async def test_more_people_than_one_statement_holds(core, admin) -> None:
    """New ones, then all of them renamed, every other one moved, and the last disabled."""
    many, before, noted = 1010, await count(core), await count(core, AuditRow)
    new = [f"many{n};Жаңа Адам;;АЖ-25-1;;;;;\n" for n in range(many)]
    made = await core.people_import.apply(admin, file(*new))
    assert len({given.password for given in made.passwords}) == many
    assert await count(core) == before + many
    groups = ("АЖ-25-1", "ЕТ-25-2")
    off = {many - 1: "иә"}
    changed = [f"many{n};Басқа Есім;;{groups[n % 2]};;;;;{off.get(n, '')}\n" for n in range(many)]
    assert (await core.people_import.apply(admin, file(*changed))).passwords == []
    assert await count(core) == before + many
    assert await count(core, AuditRow) == noted + 2 * many + 1
    logins = [f"many{n}" for n in range(many)]
    async with core.database.read() as unit:
        found = await unit.directory.by_logins(logins)
    for n, login in enumerate(logins):
        record = found[login]
        assert (record.data.full_name, record.group) == ("Басқа Есім", groups[n % 2])
        assert record.disabled is (n == many - 1)
    wrong = [*changed, "many7;Тағы Есім;;АЖ-25-1;;;;;\n"]
    with pytest.raises(ImportRefused) as refused:
        await core.people_import.apply(admin, file(*wrong))
    assert [(one.row, one.code) for one in refused.value.plan.problems] == [
        (many + 2, "login_twice")
    ]
