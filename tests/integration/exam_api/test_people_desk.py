"""Records of people: made, changed, disabled, given new passwords; each change on record."""

from dataclasses import replace

import pytest

from exam_api.domain.errors import Forbidden, WrongCredentials
from exam_api.domain.exam_format import ExamFormat
from exam_api.domain.people import PersonData
from exam_api.domain.roles import Role
from exam_api.services.directory import InvalidRecord, OwnAccountKept
from exam_api.services.numbered_pages import PageWanted
from exam_api.services.people_ports import PeopleFilter, Place, PlaceData, PlaceKind
from exam_api.services.seeding import DEMO_PASSWORD

pytestmark = pytest.mark.integration
HERE = "192.0.2.1"
PAGE = PageWanted()


async def actor(core, login: str):
    async with core.database.read() as unit:
        return (await unit.people.credentials(login)).actor


@pytest.fixture
async def admin(core):
    return await actor(core, "admin")


@pytest.fixture
async def registrar(core):
    return await actor(core, "registrar")


async def find(core, login: str):
    async with core.database.read() as unit:
        return (await unit.directory.by_logins([login]))[login]


async def group_id(core, admin, name: str = "АЖ-25-1") -> str:
    places = (await core.structure.places(admin, PlaceKind.GROUP))[PlaceKind.GROUP]
    return next(place.id for place in places if place.data.name["kk"] == name)


async def a_student(core, admin, login: str = "new.student") -> PersonData:
    group = await group_id(core, admin)
    return PersonData(login, "Жаңа Білім алушы", "ru", "a@b.kz", frozenset({Role.STUDENT}), group)


async def test_a_new_person_logs_in_once_with_the_given_password(core, admin) -> None:
    made = await core.people.create(admin, await a_student(core, admin))
    session = await core.accounts.log_in("new.student", made.password, HERE)
    assert session.actor.must_change_password
    assert made.person.group == "АЖ-25-1"


async def test_every_change_is_on_record(core, admin, clock) -> None:
    made = await core.people.create(admin, await a_student(core, admin))
    data = replace(made.person.data, full_name="Басқа Есім")
    await core.people.change(admin, made.person.id, data, "үйленді")
    await core.people.change(admin, made.person.id, data)  # nothing differs
    await core.people.set_disabled(admin, made.person.id, "оқудан шықты", disabled=True)
    await core.people.reset_password(admin, made.person.id)
    history = (await core.people.history(admin, made.person.id)).rows
    assert [entry.what for entry in history] == [
        "person.password_reset",
        "person.disabled",
        "person.changed",
        "person.created",
    ]
    changed = history[2]
    assert (changed.before, changed.after) == (
        {"full_name": "Жаңа Білім алушы"},
        {"full_name": "Басқа Есім"},
    )
    assert (changed.by_name, changed.reason, changed.at) == (
        admin.full_name,
        "үйленді",
        clock.now(),
    )
    page, kinds = await core.audit.page(admin, PAGE, what="person.created")
    assert [entry.about for entry in page.rows] == [made.person.id]
    assert "person.disabled" in kinds


async def test_a_disabled_person_is_out_and_stays_on_record(core, admin) -> None:
    session = await core.accounts.log_in("student1", DEMO_PASSWORD, HERE)
    student = await find(core, "student1")
    await core.people.set_disabled(admin, student.id, "академиялық демалыс", disabled=True)
    assert await core.accounts.who(session.cookie) is None
    with pytest.raises(WrongCredentials):
        await core.accounts.log_in("student1", DEMO_PASSWORD, HERE)
    gone = await core.people.page(admin, PeopleFilter(disabled=True), PAGE)
    assert [person.id for person in gone.rows] == [student.id]
    await core.people.set_disabled(admin, student.id, "оралды", disabled=False)
    assert await core.accounts.log_in("student1", DEMO_PASSWORD, HERE)


async def test_new_rights_end_the_sessions_of_before(core, admin) -> None:
    session = await core.accounts.log_in("proctor1", DEMO_PASSWORD, HERE)
    proctor = await find(core, "proctor1")
    renamed = replace(proctor.data, full_name="Басқа Есім")
    await core.people.change(admin, proctor.id, renamed)
    assert await core.accounts.who(session.cookie)
    more = replace(renamed, roles=frozenset({Role.PROCTOR, Role.MEMBER}))
    await core.people.change(admin, proctor.id, more)
    assert await core.accounts.who(session.cookie) is None


async def test_a_reset_password_ends_the_sessions_of_before(core, admin) -> None:
    session = await core.accounts.log_in("dean", DEMO_PASSWORD, HERE)
    made = await core.people.reset_password(admin, (await find(core, "dean")).id)
    assert await core.accounts.who(session.cookie) is None
    with pytest.raises(WrongCredentials):
        await core.accounts.log_in("dean", DEMO_PASSWORD, HERE)
    assert (await core.accounts.log_in("dean", made.password, HERE)).actor.must_change_password


async def test_a_taken_login_is_said_at_its_field(core, admin) -> None:
    with pytest.raises(InvalidRecord) as refused:
        await core.people.create(admin, await a_student(core, admin, "student1"))
    assert refused.value.problems == {"login": "login_taken"}
    other = await find(core, "student2")
    with pytest.raises(InvalidRecord) as refused:
        await core.people.change(admin, other.id, replace(other.data, login="student1"))
    assert refused.value.problems == {"login": "login_taken"}


async def test_the_registrar_keeps_students_and_nobody_else(core, registrar, admin) -> None:
    made = await core.people.create(registrar, await a_student(core, admin))
    await core.people.reset_password(registrar, made.person.id)
    staff = replace(made.person.data, roles=frozenset({Role.PROCTOR}))
    with pytest.raises(Forbidden):  # nobody is made staff by the way
        await core.people.change(registrar, made.person.id, staff)
    dean = await find(core, "dean")
    for refused in (
        core.people.reset_password(registrar, (await find(core, "admin")).id),
        core.people.change(registrar, dean.id, made.person.data),
        core.people.set_disabled(registrar, dean.id, "x", disabled=True),
        core.log_ins.of_person(registrar, dean.id),
        core.log_ins.end_of_person(registrar, dean.id),
    ):
        with pytest.raises(Forbidden):
            await refused


@pytest.mark.parametrize("login", ["student1", "proctor1", "dean", "teacher", "testing"])
async def test_others_keep_no_records(core, admin, login) -> None:
    nobody, student = await actor(core, login), await find(core, "student1")
    for refused in (
        core.people.page(nobody, PeopleFilter(), PAGE),
        core.people.get(nobody, student.id),
        core.people.history(nobody, student.id),
        core.people.create(nobody, await a_student(core, admin)),
        core.people.reset_password(nobody, student.id),
        core.structure.places(nobody),
        core.structure.create(nobody, PlaceData(PlaceKind.FACULTY, {"kk": "Физика"})),
        core.audit.page(nobody, PAGE),
    ):
        with pytest.raises(Forbidden):
            await refused


async def test_an_administrator_does_not_shut_oneself_out(core, admin) -> None:
    own = await find(core, "admin")
    with pytest.raises(OwnAccountKept):
        await core.people.set_disabled(admin, admin.id, "x", disabled=True)
    less = replace(own.data, roles=frozenset({Role.PROCTOR}))
    with pytest.raises(OwnAccountKept):
        await core.people.change(admin, admin.id, less)


@pytest.mark.parametrize(
    ("wanted", "logins"),
    [
        (PeopleFilter(text="айгерім"), {"student1"}),
        (PeopleFilter(text="НҰРЛАНОВА айгерім"), {"student1"}),
        (PeopleFilter(text="student"), {"student1", "student2", "student3"}),
        (PeopleFilter(text="%"), set()),
        (PeopleFilter(role=Role.PROCTOR), {"proctor1", "proctor2"}),
        (PeopleFilter(role=Role.STUDENT, course=2), set()),
        (PeopleFilter(disabled=True), set()),
    ],
)
async def test_people_are_found(core, admin, wanted, logins) -> None:
    found = await core.people.page(admin, wanted, PAGE)
    assert {person.data.login for person in found.rows} == logins
    assert found.total == len(logins)


async def test_a_faculty_has_its_students_and_staff(core, admin) -> None:
    places = await core.structure.places(admin)
    faculty = places[PlaceKind.FACULTY][0]
    wanted = PeopleFilter(faculty_id=faculty.id)
    found = await core.people.page(admin, wanted, PAGE)
    logins = {person.data.login for person in found.rows}
    assert logins == {"student1", "student2", "student3", "dean", "teacher", "head"}
    group = PeopleFilter(group_id=await group_id(core, admin))
    assert (await core.people.page(admin, group, PAGE)).total == 2


async def test_pages_do_not_overlap(core, admin) -> None:
    seen = []
    for number in (1, 2, 3, 4):
        page = await core.people.page(admin, PeopleFilter(), PageWanted(number, 4))
        seen += [person.data.login for person in page.rows]
    assert len(seen) == len(set(seen)) == page.total
    assert page.last == 4


async def test_places_are_made_changed_and_disabled(core, admin) -> None:
    faculty = (await core.structure.places(admin))[PlaceKind.FACULTY][0]
    data = PlaceData(PlaceKind.PROGRAMME, {"kk": " Физика "}, "6B05301", None, faculty.id)
    programme_id = await core.structure.create(admin, data)
    group = PlaceData(PlaceKind.GROUP, {"kk": "Ф-25-1"}, "", 1, programme_id)
    place_id = await core.structure.create(admin, group)
    await core.structure.change(admin, place_id, replace(group, course=2))
    await core.structure.set_disabled(admin, PlaceKind.GROUP, place_id, disabled=True)
    (made,) = (
        place
        for place in (await core.structure.places(admin))[PlaceKind.GROUP]
        if place.id == place_id
    )
    assert (made.data.course, made.disabled, made.parent) == (
        2,
        True,
        {"kk": "Физика", "ru": "Физика", "en": "Физика"},
    )
    page, _ = await core.audit.page(admin, PAGE)
    assert [entry.what for entry in page.rows] == [
        "study_group.disabled",
        "study_group.changed",
        "study_group.created",
        "programme.created",
    ]
    assert (page.rows[1].before, page.rows[1].after) == ({"course": "1"}, {"course": "2"})


async def test_a_discipline_is_made_for_its_department(core, admin) -> None:
    """S-1: with its format; the head of the department finds it in the bank and names teachers."""
    department = (await core.structure.places(admin))[PlaceKind.DEPARTMENT][0]
    names = {"kk": "Дерекқорлар", "ru": "Базы данных"}
    data = PlaceData(
        PlaceKind.DISCIPLINE,
        names,
        "DB2201",
        None,
        department.id,
        ExamFormat.REMOTE_TEST,
    )
    made = await core.structure.create(admin, data)
    head = await actor(core, "head")
    bank = {one.id: one for one, _ in await core.items.disciplines(head)}
    assert (bank[made].code, bank[made].title["ru"]) == ("DB2201", "Базы данных")
    teacher = await find(core, "teacher")
    await core.items.set_loaders(head, made, [teacher.id])
    shown = await one_place(core, admin, PlaceKind.DISCIPLINE, made)
    assert (shown.data.exam_format, shown.people) == (ExamFormat.REMOTE_TEST, 1)
    assert shown.parent == department.data.name
    with pytest.raises(InvalidRecord) as refused:
        await core.structure.create(admin, replace(data, name={"kk": "Басқа"}))
    assert refused.value.problems == {"code": "name_taken"}
    await core.structure.set_disabled(admin, PlaceKind.DISCIPLINE, made, disabled=True)
    assert (await one_place(core, admin, PlaceKind.DISCIPLINE, made)).disabled


async def one_place(core, admin, kind: PlaceKind, place_id: str) -> Place:
    places = (await core.structure.places(admin))[kind]
    return next(place for place in places if place.id == place_id)


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (PlaceData(PlaceKind.DISCIPLINE, {"kk": "Физика"}), {"code", "parent"}),
        (PlaceData(PlaceKind.FACULTY, {"kk": ""}), {"name_kk", "name_ru", "name_en"}),
        (PlaceData(PlaceKind.PROGRAMME, {"kk": "Физика"}), {"code", "parent"}),
        (PlaceData(PlaceKind.GROUP, {"kk": "Ф-25-1"}, course=9), {"course", "parent"}),
    ],
)
async def test_a_place_that_is_none_is_refused(core, admin, data, problems) -> None:
    with pytest.raises(InvalidRecord) as refused:
        await core.structure.create(admin, data)
    assert set(refused.value.problems) == problems


async def test_a_name_is_taken_once(core, admin) -> None:
    known = (await core.structure.places(admin))[PlaceKind.FACULTY][0]
    with pytest.raises(InvalidRecord) as refused:
        await core.structure.create(admin, known.data)
    assert refused.value.problems == {"name_kk": "name_taken"}
