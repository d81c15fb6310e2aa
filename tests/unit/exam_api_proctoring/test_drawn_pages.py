"""The pages on which people draw acts up: what a form or an address may name."""

from urllib.parse import quote

import pytest

from exam_api.domain.ids import new_id
from exam_api.services.live_console import Thumbnails
from exam_api.web.app import create_app
from exam_api.web.pages import drawn_acts, verify
from tests.unit.exam_api_proctoring.test_review_api import Api, core

PEOPLE = ("proctor", "testing_centre", "dean_office")


@pytest.fixture
async def api(world) -> Api:
    sitting_id = await world.sitting()
    await world.give_to(sitting_id, "proctor1")
    world.clock.move(seconds=60)
    thumbnails = Thumbnails(world.clock)
    app = create_app(core(world, thumbnails), routers=(drawn_acts.router, verify.router))
    return Api(app, world, thumbnails, sitting_id, "")


def filled(**more: str) -> dict[str, str]:
    people = {
        f"{field}.{place}": value
        for place, capacity in enumerate(PEOPLE)
        for field, value in (("name", f"Куәгер {place}"), ("capacity", capacity))
    }
    return {"act_id": new_id(), **people, **more}


async def acts_of(api: Api):
    async with api.world.read() as store:
        return await store.drawn([api.sitting_id])


async def test_form_2_is_corrected_on_its_page_and_on_no_other(api):
    new = f"/review/{api.sitting_id}/acts/new"
    async with api.client("proctor1") as http:
        assert (await http.post(new, data=filled(item="phone"))).status_code == 303
        (breach,) = await acts_of(api)
        about = f"/acts/{breach.id}/refusal"
        assert (await http.post(about, data=filled())).status_code == 303
        refusal = (await acts_of(api))[0]
        for form in (1, 2, 3):
            answer = await http.get(new, params={"form": form, "replaces": refusal.id})
            assert answer.status_code == (422 if form == 2 else 404)
        page = await http.get(about, params={"replaces": refusal.id})
        assert page.status_code == 200
        assert f'name="replaces" value="{refusal.id}"' in page.text
        assert "Куәгер 2" in page.text
        told = filled(replaces=refusal.id, **{"name.2": "Басқа куәгер"})
        assert (await http.post(f"{about}/draft.pdf", data=told)).status_code == 200
        assert (await http.post(about, data=told)).status_code == 303
    newest = (await acts_of(api))[0]
    assert (newest.form, newest.revision, newest.number) == (2, 2, refusal.number)


@pytest.mark.parametrize("bad", ["x", "", "a" * 60, "x\0y"])
async def test_an_id_that_is_none_is_refused(api, bad):
    new = f"/review/{api.sitting_id}/acts/new"
    async with api.client("proctor1") as http:
        made = await http.post(new, data=filled(item="phone", act_id=bad))
        assert made.status_code == 422
        corrected = await http.get(new, params={"replaces": bad})
        assert corrected.status_code == 422
        checked = await http.get(f"/verify/{quote(bad) or 'x'}/0")
        assert checked.status_code == 404
    assert not await acts_of(api)
