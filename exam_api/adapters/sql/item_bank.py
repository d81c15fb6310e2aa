"""The test bank as those who write, approve and check it see it (services.bank_ports)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam_api.adapters.sql.bank_supply import supplies_of
from exam_api.adapters.sql.insert_once import insert_once
from exam_api.adapters.sql.item_json import body_json, body_of, key_json, key_of
from exam_api.adapters.sql.people import names_of
from exam_api.adapters.sql.tables import (
    Department,
    Discipline,
    Exam,
    Item,
    LoadingRight,
    Topic,
    User,
)
from exam_api.domain.bank_supply import Supply
from exam_api.domain.bank_tests import Step
from exam_api.domain.errors import Conflict, NotFound
from exam_api.domain.ids import new_id
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import SHORT_CODE, ItemKind, ItemState
from exam_api.domain.paper import PaperItem
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor, Role
from exam_api.services.bank_ports import (
    BankDiscipline,
    BankRight,
    ItemFilter,
    Loader,
    NextExam,
    StoredItem,
)
from exam_api.services.deadlines import ComingTest
from exam_api.services.paging import PageAsk
from exam_api.services.ports import Clock

_AUTHOR, _DECIDER = aliased(User), aliased(User)
# By another name: a discipline looks up its department's name in the table itself.
_DEPARTMENT = aliased(Department)


def _heads(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(Role.DEPARTMENT_HEAD) or actor.department_id is None:
        return false()
    return Discipline.department_id == actor.department_id


def _loads(actor: Actor) -> ColumnElement[bool]:
    """By role and right together: who teaches no more loads no more."""
    if not actor.has(Role.TEACHER):
        return false()
    mine = select(LoadingRight.discipline_id).where(LoadingRight.teacher_id == actor.id)
    return Discipline.id.in_(mine)


def _checks(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.has(Role.TESTING_CENTRE) else false()


class SqlItemBank:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    # --- disciplines ------------------------------------------------------------------------------

    async def disciplines(self, actor: Actor) -> Sequence[BankDiscipline]:
        return await self._disciplines(actor, true())

    async def discipline(self, actor: Actor, discipline_id: str) -> BankDiscipline:
        found = await self._disciplines(actor, Discipline.id == discipline_id)
        if not found:
            raise NotFound
        return found[0]

    async def _disciplines(
        self, actor: Actor, wanted: ColumnElement[bool]
    ) -> Sequence[BankDiscipline]:
        query = (
            select(Discipline, _DEPARTMENT, _loads(actor), _heads(actor), _checks(actor))
            .outerjoin(_DEPARTMENT, _DEPARTMENT.id == Discipline.department_id)
            .where(wanted, or_(_loads(actor), _heads(actor), _checks(actor)))
            .order_by(Discipline.code)
        )
        rows = (await self._session.execute(query)).all()
        ids = [row.id for row, *_ in rows]
        counts = await self._counts(ids)
        exams = await self._next_exams(Exam.discipline_id.in_(ids))
        named = await self._named(exams)
        supplies = await self._supplies(exams)
        return [
            BankDiscipline(
                row.id,
                row.code,
                {"kk": row.title_kk, "ru": row.title_ru, "en": row.title_en},
                names_of(department) if department else None,
                _rights(rights),
                counts.get(row.id, {}),
                _next_exam(exams.get(row.id)),
                _done(named.get(row.id, {}), supplies.get(row.id)),
                supplies[row.id].lacks if row.id in supplies else (),
            )
            for row, department, *rights in rows
        ]

    async def _counts(self, ids: Collection[str]) -> Mapping[str, Mapping[ItemState, int]]:
        query = (
            select(Item.discipline_id, Item.state, func.count())
            .where(Item.discipline_id.in_(ids))
            .group_by(Item.discipline_id, Item.state)
        )
        counts: dict[str, dict[ItemState, int]] = {}
        for discipline_id, state, count in await self._session.execute(query):
            counts.setdefault(discipline_id, {})[ItemState(state)] = count
        return counts

    async def _next_exams(self, wanted: ColumnElement[bool]) -> Mapping[str, Exam]:
        """Of each discipline the first that is not over."""
        query = select(Exam).where(wanted, Exam.closes_at > self._clock.now())
        latest_first = query.order_by(Exam.opens_at.desc(), Exam.id.desc())
        return {exam.discipline_id: exam for exam in await self._session.scalars(latest_first)}

    async def _supplies(self, exams: Mapping[str, Exam]) -> Mapping[str, Supply]:
        """By discipline, of one exam each."""
        found = await supplies_of(self._session, list(exams.values()))
        return {discipline_id: found[exam.id] for discipline_id, exam in exams.items()}

    async def coming(self, after: datetime) -> Sequence[ComingTest]:
        first = await self._next_exams(Exam.opens_at > after)
        named = await self._named(first)
        supplies = await self._supplies(first)
        heads = await self._heads_of(first)
        return [
            ComingTest(
                discipline_id=discipline_id,
                exam_id=exam.id,
                opens_at=exam.opens_at,
                done=_done(named.get(discipline_id, {}), supplies[discipline_id]),
                heads=heads[discipline_id],
                loaders=[*named.get(discipline_id, {})],
            )
            for discipline_id, exam in first.items()
        ]

    async def _heads_of(self, disciplines: Collection[str]) -> Mapping[str, Sequence[str]]:
        query = select(Discipline.id, Discipline.department_id)
        departments = await self._session.execute(query.where(Discipline.id.in_(disciplines)))
        staff = await self._session.scalars(
            select(User).where(User.disabled.is_(False), User.department_id.is_not(None))
        )
        heads: dict[str | None, list[str]] = {}
        for one in staff:
            if Role.DEPARTMENT_HEAD.value in one.roles:
                heads.setdefault(one.department_id, []).append(one.id)
        return {discipline: heads.get(department, []) for discipline, department in departments}

    async def _named(self, disciplines: Collection[str]) -> Mapping[str, Mapping[str, datetime]]:
        """By discipline the teachers who may load, and since when."""
        query = select(LoadingRight).where(LoadingRight.discipline_id.in_(disciplines))
        named: dict[str, dict[str, datetime]] = {}
        for right in await self._session.scalars(query):
            named.setdefault(right.discipline_id, {})[right.teacher_id] = right.given_at
        return named

    # --- items ------------------------------------------------------------------------------------

    async def items(
        self, discipline_id: str, wanted: ItemFilter, ask: PageAsk
    ) -> Sequence[StoredItem]:
        where = [Item.discipline_id == discipline_id, *_filters(wanted)]
        if wanted.state is None:
            where.append(Item.state != ItemState.RETIRED.value)
        if ask.after:
            where.append(Item.id < str(ask.after[0]))
        query = _with_names().where(*where).order_by(Item.id.desc()).limit(ask.limit + 1)
        return await self._stored(query)

    async def item(self, item_id: str) -> StoredItem:
        found = await self._stored(_with_names().where(Item.id == item_id))
        if not found:
            raise NotFound
        return found[0]

    async def lock_items(self, discipline_id: str, ids: Collection[str]) -> Sequence[StoredItem]:
        held = and_(Item.discipline_id == discipline_id, Item.id.in_(ids))
        await self._session.execute(select(Item.id).where(held).order_by(Item.id).with_for_update())
        return await self._stored(_with_names().where(held).order_by(Item.id))

    async def versions(self, lineage_id: str) -> Sequence[StoredItem]:
        own = Item.lineage_id == lineage_id
        return await self._stored(_with_names().where(own).order_by(Item.version.desc()))

    async def _stored(self, query: Select[Item, str, str, str]) -> Sequence[StoredItem]:
        rows = await self._session.execute(query.execution_options(populate_existing=True))
        return [_item_of(*row) for row in rows]

    async def topics(self, discipline_id: str) -> Mapping[str, str]:
        own = Topic.discipline_id == discipline_id
        rows = await self._session.execute(
            select(Topic.id, Topic.name).where(own).order_by(Topic.name)
        )
        return dict(rows.all())

    async def add(self, items: Sequence[StoredItem], author_id: str) -> None:
        for item in items:
            row = {"id": item.id, "lineage_id": item.lineage_id, "version": item.version}
            self._session.add(
                Item(
                    **row,
                    **await self._content(item),
                    discipline_id=item.discipline_id,
                    state=item.state.value,
                    author_id=author_id,
                    changed_at=item.changed_at,
                    remark=item.remark,
                )
            )
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise Conflict from error

    async def change(self, item: StoredItem, author_id: str) -> None:
        values = await self._content(item) | {
            "author_id": author_id,
            "changed_at": item.changed_at,
        }
        await self._session.execute(update(Item).where(Item.id == item.id).values(values))

    async def _content(self, item: StoredItem) -> dict[str, Any]:
        content = item.content
        return {
            "kind": content.kind.value,
            "parts": PaperItem.of(item.id, content.kind, content.body).to_json(),
            "body": body_json(content.body),
            "key": key_json(content.key),
            "topic_id": await self._topic_id(item.discipline_id, content.topic.strip()),
            "difficulty": content.difficulty,
            "languages": " ".join(content.languages),
        }

    async def _topic_id(self, discipline_id: str, name: str) -> str | None:
        if not name:
            return None
        await insert_once(self._session, Topic, id=new_id(), discipline_id=discipline_id, name=name)
        own = and_(Topic.discipline_id == discipline_id, Topic.name == name)
        return (await self._session.scalars(select(Topic.id).where(own))).one()

    async def set_state(
        self, ids: Collection[str], state: ItemState, by: str, at: datetime, remark: str
    ) -> None:
        change = update(Item).where(Item.id.in_(ids))
        await self._session.execute(
            change.values(state=state.value, decided_by=by, decided_at=at, remark=remark)
        )

    async def remove(self, ids: Collection[str]) -> None:
        await self._session.execute(delete(Item).where(Item.id.in_(ids)))

    # --- who may load -----------------------------------------------------------------------------

    async def loaders(self, discipline_id: str) -> Sequence[Loader]:
        given = and_(
            LoadingRight.teacher_id == User.id, LoadingRight.discipline_id == discipline_id
        )
        department = select(Discipline.department_id).where(Discipline.id == discipline_id)
        query = (
            select(User.id, User.full_name, User.roles, LoadingRight.given_at)
            .outerjoin(LoadingRight, given)
            .where(
                or_(
                    LoadingRight.teacher_id.is_not(None),
                    and_(
                        User.department_id == department.scalar_subquery(),
                        User.disabled.is_(False),
                    ),
                )
            )
            .order_by(User.full_name, User.id)
        )
        return [
            Loader(ref, name, given_at)
            for ref, name, roles, given_at in await self._session.execute(query)
            if given_at is not None or Role.TEACHER.value in roles
        ]

    async def give_right(self, discipline_id: str, teacher_id: str, by: str, at: datetime) -> None:
        await insert_once(
            self._session,
            LoadingRight,
            discipline_id=discipline_id,
            teacher_id=teacher_id,
            given_by=by,
            given_at=at,
        )

    async def take_right(self, discipline_id: str, teacher_id: str) -> None:
        own = LoadingRight.discipline_id == discipline_id, LoadingRight.teacher_id == teacher_id
        await self._session.execute(delete(LoadingRight).where(*own))


def _rights(held: Sequence[object]) -> frozenset[BankRight]:
    rights = zip((BankRight.LOAD, BankRight.APPROVE, BankRight.CHECK), held, strict=True)
    return frozenset(right for right, has in rights if has)


def _done(named: Mapping[str, datetime], supply: Supply | None) -> Mapping[Step, datetime | None]:
    """When each step towards the exam was done (row 2, S-4)."""
    return {
        Step.NAMED: min(named.values(), default=None),
        Step.APPROVED: supply.approved_at if supply else None,
        Step.LOADED: supply.loaded_at if supply else None,
    }


def _next_exam(exam: Exam | None) -> NextExam | None:
    if exam is None:
        return None
    return NextExam(exam.opens_at, ExamPolicy.from_json(exam.policy).questions)


def _with_names() -> Select[Item, str, str, str]:
    return (
        select(Item, Topic.name, _AUTHOR.full_name, _DECIDER.full_name)
        .outerjoin(Topic, Topic.id == Item.topic_id)
        .outerjoin(_AUTHOR, _AUTHOR.id == Item.author_id)
        .outerjoin(_DECIDER, _DECIDER.id == Item.decided_by)
    )


def _filters(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Item.state, wanted.state),
        (Item.kind, wanted.kind),
        (Item.topic_id, wanted.topic_id),
        (Item.difficulty, wanted.difficulty),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.text:
        stems = [Item.body["stem"][language].as_string() for language in ("kk", "ru", "en")]
        said = [stem.icontains(wanted.text, autoescape=True) for stem in stems]
        coded = Item.id.endswith(wanted.text.lower())
        found.append(or_(*said, coded) if SHORT_CODE.fullmatch(wanted.text) else or_(*said))
    return found


def _item_of(row: Item, topic: str | None, author: str | None, decider: str | None) -> StoredItem:
    content = ItemContent(
        ItemKind(row.kind), body_of(row.body), key_of(row.key), topic or "", row.difficulty
    )
    return StoredItem(
        row.id,
        row.discipline_id,
        row.lineage_id,
        row.version,
        ItemState(row.state),
        content,
        author,
        row.changed_at,
        decider,
        row.decided_at,
        row.remark,
    )
