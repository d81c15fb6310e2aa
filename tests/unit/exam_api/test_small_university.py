"""The seeded test: 25 questions, complete in three languages, one correct choice each."""

import random
from collections import Counter

import pytest

from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Role
from exam_api.services.seeding import SeedQuestion, load_university

UNIVERSITY = load_university()
LANGUAGES = {"kk", "ru", "en"}
KAZAKH_ONLY = set("ӘәҒғҚқҢңӨөҰұҮүҺһІі")


def test_there_is_somebody_of_every_role() -> None:
    held = Counter(role for person in UNIVERSITY.people for role in person.roles)
    assert set(held) == set(Role)
    assert held[Role.STUDENT] == 3
    assert held[Role.PROCTOR] == 2


def test_every_student_has_a_place_in_the_university() -> None:
    for person in UNIVERSITY.people:
        assert (person.group is not None) == (Role.STUDENT in person.roles)


def test_what_a_role_is_limited_to_is_named() -> None:
    limited = {"faculty": {Role.DEAN_OFFICE}, "department": {Role.TEACHER, Role.DEPARTMENT_HEAD}}
    for place, roles in limited.items():
        held = {role for one in UNIVERSITY.people if one.of == place for role in one.roles}
        assert held == roles


def test_logins_are_lower_case_and_unique() -> None:
    logins = [person.login for person in UNIVERSITY.people]
    assert len(set(logins)) == len(logins)
    assert all(login == login.casefold().strip() for login in logins)


def test_the_test_has_as_many_questions_as_an_exam_asks() -> None:
    assert len(UNIVERSITY.questions) == ExamPolicy().questions == 25


@pytest.mark.parametrize("question", UNIVERSITY.questions, ids=lambda q: q.stem["en"][:40])
def test_each_question_is_complete_in_three_languages(question: SeedQuestion) -> None:
    assert len(question.choices) == 4
    for texts in (question.stem, *question.choices):
        assert set(texts) == LANGUAGES
        assert all(text == text.strip() != "" for text in texts.values())
    for language in LANGUAGES:
        assert len({choice[language] for choice in question.choices}) == 4
    assert KAZAKH_ONLY & set(question.stem["kk"]), "the Kazakh text is Kazakh"
    assert not KAZAKH_ONLY & set(question.stem["ru"])


def test_stems_are_all_different() -> None:
    for language in LANGUAGES:
        assert len({question.stem[language] for question in UNIVERSITY.questions}) == 25


def test_the_correct_choice_stands_in_every_place() -> None:
    """Ids grow in the order of storing: they must not tell."""
    places = Counter(question.correct for question in UNIVERSITY.questions)
    assert set(places) == {0, 1, 2, 3}
    assert max(places.values()) <= 13


def test_mixing_keeps_the_correct_choice() -> None:
    question = SeedQuestion({"kk": "?"}, tuple({"kk": str(n)} for n in range(4)), 2)
    for seed in range(20):
        mixed = question.mixed(random.Random(seed))
        assert mixed.choices[mixed.correct] == {"kk": "2"}
        assert sorted(choice["kk"] for choice in mixed.choices) == ["0", "1", "2", "3"]
