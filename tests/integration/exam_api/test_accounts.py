"""Log-in, sessions and their limits."""

import asyncio

import pytest
from sqlalchemy import select, update

from exam_api.adapters.sql.tables import LogInFailure, LogInSession, User
from exam_api.domain.errors import TooManyAttempts, WrongCredentials
from exam_api.domain.roles import Role
from exam_api.services.accounts import Accounts, LogIn
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.web.container import Core

pytestmark = pytest.mark.integration

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def accounts(core: Core) -> Accounts:
    return core.accounts


@pytest.fixture
async def log_in(accounts: Accounts) -> LogIn:
    return await accounts.log_in("proctor1", DEMO_PASSWORD, HERE)


async def _fail(accounts: Accounts, login: str, address: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            await accounts.log_in(login, "wrong", address)


async def test_a_session_leads_to_its_person(accounts: Accounts, log_in: LogIn) -> None:
    actor = await accounts.who(log_in.cookie)
    assert actor is not None
    assert actor == log_in.actor
    assert actor.roles == {Role.PROCTOR}


async def test_the_cookie_is_not_in_the_database(core: Core, log_in: LogIn) -> None:
    async with core.database.read() as unit:
        hashes = (await unit.session.scalars(select(LogInSession.id_hash))).all()
    assert len(hashes) == 1
    assert log_in.cookie not in hashes


@pytest.mark.parametrize("login", [" Proctor1 ", "PROCTOR1"])
async def test_case_and_spaces_of_a_login_do_not_matter(accounts: Accounts, login: str) -> None:
    assert (await accounts.log_in(login, DEMO_PASSWORD, HERE)).actor.has(Role.PROCTOR)


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("proctor1", "wrong"),
        ("proctor1", ""),
        ("nobody", DEMO_PASSWORD),
        ("", ""),
        ("a\0b", DEMO_PASSWORD),
        ("proctor1", "a\0b"),
        ("\ud800", "\ud800"),
        ("proctor1", "x" * 100_000),
        ("x" * 100_000, "x"),
    ],
)
async def test_wrong_credentials_say_only_that(
    accounts: Accounts, login: str, password: str
) -> None:
    with pytest.raises(WrongCredentials) as refused:
        await accounts.log_in(login, password, HERE)
    assert str(refused.value) == "wrong_credentials"


class CountingPasswords:
    def __init__(self, inner) -> None:
        self.inner = inner
        self.verified = 0

    def hash(self, password: str) -> str:
        return self.inner.hash(password)

    def verify(self, password: str, hashed: str) -> tuple[bool, str | None]:
        self.verified += 1
        return self.inner.verify(password, hashed)


async def test_an_unknown_login_costs_one_hash_like_a_known_one(core: Core) -> None:
    passwords = CountingPasswords(core.accounts.hasher)
    accounts = Accounts(core.database, core.clock, passwords)
    await _fail(accounts, "nobody", HERE, 1)
    assert passwords.verified == 1
    await _fail(accounts, "proctor1", HERE, 1)
    assert passwords.verified == 2


async def test_a_session_ends_when_it_lies_idle(accounts: Accounts, log_in: LogIn, clock) -> None:
    clock.pass_time(minutes=119)
    assert await accounts.who(log_in.cookie)
    clock.pass_time(minutes=119)  # seen in between: still alive
    assert await accounts.who(log_in.cookie)
    clock.pass_time(minutes=120)
    assert await accounts.who(log_in.cookie) is None


async def test_a_session_ends_after_twelve_hours_however_busy(
    accounts: Accounts, log_in: LogIn, clock
) -> None:
    for _ in range(11):
        clock.pass_time(hours=1)
        assert await accounts.who(log_in.cookie)
    clock.pass_time(hours=1)
    assert await accounts.who(log_in.cookie) is None


async def test_logging_out_ends_that_session_only(accounts: Accounts, log_in: LogIn) -> None:
    other = await accounts.log_in("proctor1", DEMO_PASSWORD, THERE)
    await accounts.log_out(log_in.cookie)
    assert await accounts.who(log_in.cookie) is None
    assert await accounts.who(other.cookie)


async def test_all_sessions_of_a_person_can_be_ended(accounts: Accounts, log_in: LogIn) -> None:
    other = await accounts.log_in("proctor1", DEMO_PASSWORD, THERE)
    stranger = await accounts.log_in("proctor2", DEMO_PASSWORD, THERE)
    await accounts.log_out_everywhere(log_in.actor)
    assert await accounts.who(log_in.cookie) is None
    assert await accounts.who(other.cookie) is None
    assert await accounts.who(stranger.cookie)


async def test_a_disabled_account_is_out_at_once(
    core: Core, accounts: Accounts, log_in: LogIn
) -> None:
    async with core.database.write() as unit:
        await unit.session.execute(
            update(User).where(User.login == "proctor1").values(disabled=True)
        )
    assert await accounts.who(log_in.cookie) is None
    await _fail(accounts, "proctor1", HERE, 1)
    with pytest.raises(WrongCredentials):
        await accounts.log_in("proctor1", DEMO_PASSWORD, HERE)


async def test_a_made_up_cookie_is_nobodys(accounts: Accounts) -> None:
    assert await accounts.who("made-up") is None


async def test_guessing_is_stopped_and_told_when_to_come_back(accounts: Accounts, clock) -> None:
    await _fail(accounts, "student1", HERE, 8)
    with pytest.raises(TooManyAttempts) as refused:
        await accounts.log_in("student1", DEMO_PASSWORD, HERE)
    assert refused.value.retry_after_s == 300
    clock.pass_time(minutes=5)
    assert await accounts.log_in("student1", DEMO_PASSWORD, HERE)


async def test_a_burst_of_guesses_cannot_overtake_the_limit(core: Core) -> None:
    passwords = CountingPasswords(core.accounts.hasher)
    accounts = Accounts(core.database, core.clock, passwords)
    guesses = (accounts.log_in("student1", f"guess {n}", HERE) for n in range(40))
    refused = await asyncio.gather(*guesses, return_exceptions=True)
    assert {type(error) for error in refused} == {WrongCredentials, TooManyAttempts}
    assert 8 <= passwords.verified <= 9, "two are checked at once"


async def test_nobody_can_lock_a_student_out_from_elsewhere(accounts: Accounts) -> None:
    await _fail(accounts, "student1", THERE, 8)
    assert await accounts.log_in("student1", DEMO_PASSWORD, HERE)


async def test_a_class_behind_one_address_is_not_stopped_by_one_of_them(
    accounts: Accounts,
) -> None:
    await _fail(accounts, "student1", HERE, 8)
    assert await accounts.log_in("student2", DEMO_PASSWORD, HERE)


async def test_one_address_cannot_try_everybody(accounts: Accounts) -> None:
    await asyncio.gather(*(_fail(accounts, f"guess{n}", HERE, 1) for n in range(120)))
    with pytest.raises(TooManyAttempts):
        await accounts.log_in("student2", DEMO_PASSWORD, HERE)


async def test_a_login_forgets_its_own_failures_and_old_ones_leave_the_table(
    core: Core, accounts: Accounts, clock
) -> None:
    await _fail(accounts, "student1", HERE, 7)
    await accounts.log_in("student1", DEMO_PASSWORD, HERE)
    await _fail(accounts, "student1", HERE, 7)  # would be the 14th
    clock.pass_time(hours=1)
    await _fail(accounts, "student1", HERE, 1)
    async with core.database.read() as unit:
        rows = (await unit.session.scalars(select(LogInFailure))).all()
    assert {row.at for row in rows} == {clock.now()}


async def test_outdated_costs_are_renewed_at_the_next_login(core: Core, accounts: Accounts) -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher

    from exam_api.adapters.passwords import Argon2Passwords

    dearer = Argon2Passwords(Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1))
    renewing = Accounts(core.database, core.clock, dearer)
    await renewing.log_in("dean", DEMO_PASSWORD, HERE)
    async with core.database.read() as unit:
        stored = await unit.session.scalar(select(User.password_hash).where(User.login == "dean"))
    assert "m=16,t=2" in stored
    assert await accounts.log_in("dean", DEMO_PASSWORD, HERE)


async def test_the_language_is_kept(accounts: Accounts, log_in: LogIn) -> None:
    await accounts.set_language(log_in.actor, "en")
    actor = await accounts.who(log_in.cookie)
    assert actor is not None
    assert actor.language == "en"
