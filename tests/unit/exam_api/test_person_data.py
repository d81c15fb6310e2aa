"""What may stand in a person's record, and who may keep whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.people import PersonData, may_keep, may_list_people, searchable
from exam_api.domain.roles import Actor, Role

GOOD = PersonData("aigerim.n", "Нұрланова Айгерім", "kk", None, frozenset({Role.PROCTOR}))


def person(**changes: object) -> PersonData:
    fields = {name: getattr(GOOD, name) for name in PersonData.__dataclass_fields__}
    return PersonData(**{**fields, **changes}).tidied()


def test_a_record_is_tidied() -> None:
    tidy = person(login=" Aigerim.N ", full_name="  Нұрланова \n Айгерім ", email=" ")
    assert (tidy.login, tidy.full_name, tidy.email) == ("aigerim.n", "Нұрланова Айгерім", None)
    assert tidy.problems() == {}


def test_letters_are_composed() -> None:
    assert person(full_name="Ай\u0438\u0306").full_name == "Айй"


@pytest.mark.parametrize("login", ["", "a", "айгерім", "a b", "-a", "a" * 65, "a\nb", "a/b", "a?"])
def test_a_log_in_is_latin_and_short(login: str) -> None:
    assert person(login=login).problems() == {"login": "login_malformed"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_malformed"),
        ("А", "name_malformed"),
        ("А" * 201, "name_malformed"),
        ("А\u202eБ", "name_malformed"),
        ("?ліхан", "letters_lost"),
        ("А\ufffdлихан", "letters_lost"),
    ],
)
def test_a_name_is_a_name(name: str, code: str) -> None:
    assert person(full_name=name).problems() == {"full_name": code}


@pytest.mark.parametrize("email", ["a", "a@b", "a@b.", "a b@c.kz", "a@b.kz, c@d.kz", "<a@b.kz>"])
def test_an_address_is_one_address(email: str) -> None:
    assert person(email=email).problems() == {"email": "email_malformed"}


def test_a_role_asks_for_its_place() -> None:
    roles = frozenset({Role.STUDENT, Role.DEAN_OFFICE, Role.TEACHER})
    assert person(roles=roles).problems() == {
        "group": "group_missing",
        "faculty": "faculty_missing",
        "department": "department_missing",
    }
    whole = person(roles=roles, group_id="g", faculty_id="f", department_id="d")
    assert whole.problems() == {}


def test_a_place_without_its_role_goes() -> None:
    tidy = person(group_id="g", faculty_id="f", department_id="d")
    assert (tidy.group_id, tidy.faculty_id, tidy.department_id) == (None, None, None)


def test_somebody_without_a_role_is_refused() -> None:
    assert person(roles=frozenset()).problems() == {"roles": "role_missing"}


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_is_judged_and_never_crashes(login: str, name: str, email: str) -> None:
    tidy = person(login=login, full_name=name, email=email)
    if not tidy.problems():
        assert tidy == tidy.tidied()
        assert "\0" not in tidy.login + tidy.full_name + (tidy.email or "")


@pytest.mark.parametrize(
    ("role", "lists", "keeps_students", "keeps_staff"),
    [
        (Role.ADMINISTRATOR, True, True, True),
        (Role.REGISTRAR, True, True, False),
        (Role.DEAN_OFFICE, False, False, False),
        (Role.STUDENT, False, False, False),
    ],
)
def test_who_keeps_whose_record(
    role: Role, lists: bool, keeps_students: bool, keeps_staff: bool
) -> None:
    actor = Actor("1", "", "kk", frozenset({role}))
    assert may_list_people(actor) is lists
    assert may_keep(actor, frozenset({Role.STUDENT})) is keeps_students
    assert may_keep(actor, frozenset({Role.STUDENT, Role.PROCTOR})) is keeps_staff


def test_a_search_folds_kazakh_letters() -> None:
    assert searchable("ҚАСЫМОВ Әлихан", None, "A@B.kz") == "қасымов әлихан a@b.kz"
