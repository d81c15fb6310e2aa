"""The console says which object model watches, and how many phones it finds."""

from dataclasses import replace

import pytest

from models.choice import ObjectChoice
from models.manifest import shipped_manifest

pytestmark = pytest.mark.integration

NANO = shipped_manifest()["yolox_nano"]
OWN = replace(shipped_manifest()["baqylau_objects"], phone_recall=0.03)


@pytest.mark.parametrize(
    ("choice", "said", "unsaid"),
    [
        (ObjectChoice((), NANO), ["phones are not watched for"], ["Objects are watched"]),
        (
            ObjectChoice((OWN,), NANO),
            ["by baqylau_objects", "finds 3 % of visible phones", "yolox_nano would find 42 %"],
            [],
        ),
        (ObjectChoice((NANO,)), ["by yolox_nano", "finds 42 %"], ["would find", "not watched"]),
        # Nobody measured what several see together.
        (ObjectChoice((NANO, OWN)), ["by yolox_nano, baqylau_objects"], ["of visible phones"]),
    ],
    ids=["none", "the weaker one", "the best", "several"],
)
async def test_the_console_says_what_watches_and_how_well(
    *, core, browser_of, exam_id, choice: ObjectChoice, said: list[str], unsaid: list[str]
) -> None:
    core.watching = choice
    proctor = await browser_of("proctor1")
    shown = " ".join(
        (await proctor.get(f"/console/{exam_id}", headers={"Accept-Language": "en"})).text.split()
    )
    assert all(words in shown for words in said)
    assert not any(words in shown for words in unsaid)
