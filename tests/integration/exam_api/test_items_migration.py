"""A database of the time when every item was a single choice keeps its bank, answers and scores."""

import json
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from exam_api.adapters.sql.database import Database
from exam_api.adapters.sql.migrate import alembic_config, sync_url, upgrade
from exam_api.adapters.sql.tables import Sitting
from exam_api.domain.ids import new_id

pytestmark = pytest.mark.integration

BEFORE = "0006"
AT = "2026-11-22 04:30:00+00:00"


class Old:
    """Two items of two choices each, the first one right; one answered rightly, one wrongly."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.items = [new_id(), new_id()]
        self.choices = [[new_id(), new_id()] for _ in self.items]
        discipline = connection.execute(text("SELECT id FROM discipline")).scalar_one()
        self.sitting = connection.execute(text("SELECT min(id) FROM sitting")).scalar_one()
        for place, (item, choices) in enumerate(zip(self.items, self.choices, strict=True), 1):
            self.add("item", id=item, discipline_id=discipline, position=place)
            self.add("item_text", item_id=item, lang="kk", stem=f"Сұрақ {place}?")
            for number, choice in enumerate(choices):
                correct = number == 0
                self.add("item_choice", id=choice, item_id=item, position=number, correct=correct)
                self.add("choice_text", choice_id=choice, lang="kk", text=f"Жауап {number}")
        self._answered(0, 0)
        self._answered(1, 1)
        order = {"seed": 7, "items": self._paper()}
        connection.execute(
            text(
                "UPDATE sitting SET state = 'submitted', score = 1, total = 2, points = 50,"
                " letter = 'D', item_order = :paper WHERE id = :id"
            ),
            {"paper": json.dumps(order), "id": self.sitting},
        )

    def _paper(self) -> list[dict[str, object]]:
        return [
            {"item": item, "choices": choices[::-1]}
            for item, choices in zip(self.items, self.choices, strict=True)
        ]

    def _answered(self, item: int, choice: int) -> None:
        same = {
            "sitting_id": self.sitting,
            "item_id": self.items[item],
            "choice_id": self.choices[item][choice],
            "client_seq": item + 1,
            "saved_at": AT,
        }
        self.add("answer", **same)
        self.add("answer_log", id=item + 1, client_id="tab", **same)

    def add(self, table: str, **values: object) -> None:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


async def test_what_was_kept_before_is_kept(template, tmp_path: Path, clock) -> None:
    url = template.copy(tmp_path)
    engine = create_engine(sync_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), BEFORE)
        old = Old(connection)
    upgrade(url)
    database = Database(url, clock)
    async with database.write() as unit:
        sitting = await unit.session.get_one(Sitting, old.sitting)
        keys = await unit.bank.keys(old.items)
        bodies = await unit.bank.bodies(old.items)
        answers = {one.item_id: one.response for one in await unit.answers.of(old.sitting)}
        drawable = await unit.tests.drawable(
            await unit.session.scalar(text("SELECT discipline_id FROM item LIMIT 1")), ["kk"]
        )
        rows = await unit.session.execute(text("SELECT item_id, hundredths FROM item_credit"))
        earned = dict(rows.all())
        # The log goes on counting where it was.
        await unit.session.execute(
            text(
                "INSERT INTO answer_log (sitting_id, item_id, response, client_id, client_seq,"
                " saved_at) SELECT sitting_id, item_id, response, client_id, 9, saved_at"
                " FROM answer_log WHERE client_seq = 1"
            )
        )
    await database.aclose()
    assert (sitting.score_hundredths, sitting.total, sitting.points) == (100, 2, 50)
    assert [keys[item].right for item in old.items] == [{pair[0]} for pair in old.choices]
    assert [bodies[item].stem["kk"] for item in old.items] == ["Сұрақ 1?", "Сұрақ 2?"]
    assert [one.item.choice_ids for one in drawable] == [tuple(pair) for pair in old.choices]
    assert [answers[item].choice for item in old.items] == [old.choices[0][0], old.choices[1][1]]
    assert [earned[item] for item in old.items] == [100, 0]
