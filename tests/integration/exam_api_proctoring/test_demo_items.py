"""The demo's exam has a question of each kind, with a picture and a formula, in three languages."""

import pytest

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.sql.database import open_database
from exam_api.cli.demo_items import add_every_kind
from exam_api.cli.demo_run import seed
from exam_api.domain.bank_tests import draw_test
from exam_api.domain.items import ItemKind
from exam_api.domain.languages import LANGUAGES
from exam_api.services.bank_pictures import names_in, picture_key
from exam_api.settings import Settings

pytestmark = pytest.mark.integration


async def test_every_kind_is_in_every_paper(tmp_path) -> None:
    settings = Settings(data_dir=tmp_path)
    await seed(settings)
    for _ in range(2):  # started again it changes nothing
        await add_every_kind(settings)
    database = await open_database(settings.database, SystemClock())
    async with database.read() as unit:
        discipline_id = await unit.seeds.discipline_id("IKT1105")
        test = await unit.tests.accepted(discipline_id, 25)
        assert len(await unit.tests.of(discipline_id)) == 1
        bank = await unit.tests.drawable(discipline_id, LANGUAGES)
        assert len(bank) == 31, "all are complete in three languages"
        for number in range(5):
            paper = draw_test(bank, test, 25, number)
            assert len(paper.items) == test.questions == 25
            assert {item.kind for item in paper.items} == set(ItemKind)
        bodies = (await unit.bank.bodies([one.item.item_id for one in bank])).values()
    (name,) = set().union(*(names_in(body) for body in bodies))
    assert (await LocalBlobs(settings.blobs_dir).get(picture_key(name)))[1:4] == b"PNG"
    assert any(body.formulas for body in bodies)
    await database.aclose()
