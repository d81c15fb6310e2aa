"""People's detached signatures beside an act: who attaches them, what is told of them."""

import asyncio
import base64

import pytest
from sqlalchemy import func, select, update

from exam_api.adapters.sql import tables
from exam_api.domain.errors import Forbidden, NotFound, SignaturesFull
from exam_api.domain.ids import new_id
from exam_api.services import act_signatures
from exam_api.services.act_signatures import FILE_LIMIT, ActSignatures
from exam_api.services.seeding import DEMO_PASSWORD
from tests.unit.acts.test_people_signatures import AUTHORITY, SIGNER, pair

pytestmark = pytest.mark.integration
PDFS = {"kk": b"%PDF kk", "ru": b"%PDF ru", "en": b"%PDF en"}
CMS = {"Content-Type": "application/pkcs7-signature"}


@pytest.fixture(scope="module")
def authority():
    return pair(AUTHORITY)


@pytest.fixture(scope="module")
def person(authority):
    return pair(SIGNER, authority)


@pytest.fixture
async def signing(made_act, core, authority):
    """The act with three PDFs; its authority is trusted."""
    for language, pdf in PDFS.items():
        await core.blobs.put(f"{language}.pdf", pdf)
    await _change_act(core, made_act.act_id, blobs={one: f"{one}.pdf" for one in PDFS})
    _trust(core, authority)
    return made_act


def _trust(core, *authorities) -> None:
    certificates = [one.certificate for one in authorities]
    core.act_signatures = ActSignatures(core.database, core.clock, core.blobs, certificates)


async def _change_act(core, act_id: str, **values: object) -> None:
    async with core.database.write() as unit:
        change = update(tables.ActRow).where(tables.ActRow.id == act_id)
        await unit.session.execute(change.values(**values))


async def _actor(core, login: str):
    return (await core.accounts.log_in(login, DEMO_PASSWORD, "x")).actor


async def _kept(core) -> int:
    async with core.database.read() as unit:
        return await unit.session.scalar(select(func.count()).select_from(tables.ActSignatureRow))


async def test_the_student_signs_by_the_api_and_all_who_see_the_act_see_it(
    signing, client_of, person
) -> None:
    path = f"/api/v1/acts/{signing.act_id}/signatures"
    student = await client_of("student1")
    signature = person.signed(PDFS["kk"])
    early = await student.post(path, content=signature, headers=CMS)
    assert early.status_code == 404  # not delivered yet
    await signing.put_on_the_way()
    answer = await student.post(path, content=signature, headers=CMS)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["verified"], made["problem"], made["language"]) == (True, None, "kk")
    assert (made["subject"], made["issuer"], made["revision"]) == (SIGNER, AUTHORITY, 1)
    for login, may in (("dean", True), ("registrar", False)):
        http = await client_of(login)
        assert (await http.get(path)).json() == {"signatures": [made], "may_attach": may}
        file = await http.get(f"{path}/{made['id']}.p7s")
        assert file.content == signature
        assert "attachment" in file.headers["content-disposition"]
    stranger = await client_of("student2")
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.get(f"{path}/{made['id']}.p7s")).status_code == 404


async def test_only_who_has_a_part_in_the_act_attaches(signing, core, person) -> None:
    await signing.put_on_the_way()
    signers = ("student1", "proctor1", "testing", "member", "dean", "commission")
    for login in signers:
        signature = pair(login, person).signed(PDFS["kk"])
        await core.act_signatures.attach(await _actor(core, login), signing.act_id, signature, "kk")
    assert await _kept(core) == len(signers)
    signature = person.signed(PDFS["kk"])
    for login, refusal in (
        *(("registrar", Forbidden), ("admin", Forbidden)),
        *(("proctor2", NotFound), ("student2", NotFound), ("teacher", NotFound)),
    ):
        with pytest.raises(refusal):
            await core.act_signatures.attach(
                await _actor(core, login), signing.act_id, signature, "kk"
            )
    assert await _kept(core) == len(signers)


@pytest.mark.parametrize(
    ("language", "verified", "not_verified"),
    [
        ("kk", "тіркелген, тексерілген:", "тіркелген, тексерілмеген"),
        ("ru", "приложена, проверена:", "приложена, не проверена"),
        ("en", "attached, verified by", "attached, not verified"),
    ],
    ids=PDFS,
)
async def test_the_page_attaches_and_says_both_words(  # noqa: PLR0917 - what it says
    signing, browser_of, core, person, language, verified, not_verified
) -> None:
    dean = await browser_of("dean")
    await dean.post("/language", data={"language": language})
    page = f"/acts/{signing.act_id}"
    good = base64.encodebytes(person.signed(PDFS["ru"]))
    for name, content in (("a.txt", good), ("b.p7s", person.signed(b"another document"))):
        sent = await dean.post(
            f"{page}/signatures", data={"language": "kk"}, files={"file": (name, content)}
        )
        assert sent.status_code == 303, sent.text
    text = (await dean.get(page)).text
    assert f"{verified} {AUTHORITY}" in text
    assert not_verified in text
    assert SIGNER in text
    refused = await dean.post(f"{page}/signatures", files={"file": ("c.p7s", b"no signature")})
    assert refused.status_code == 422
    assert 'aria-describedby="unsigned"' in refused.text
    assert await _kept(core) == 2


@pytest.mark.parametrize("content", [b"", b"\x30\x80", b"%PDF-1.7", "қол".encode()], ids=range(4))
async def test_what_is_no_cms_is_refused_and_nothing_kept(
    signing, client_of, core, content
) -> None:
    http = await client_of("dean")
    path = f"/api/v1/acts/{signing.act_id}/signatures"
    answer = await http.post(path, content=content, headers=CMS)
    assert (answer.status_code, await _kept(core)) == (422, 0)


async def test_what_is_too_large_is_refused(signing, client_of, core) -> None:
    http = await client_of("dean")
    path = f"/api/v1/acts/{signing.act_id}/signatures"
    for size in (FILE_LIMIT + 1, 300_000):
        answer = await http.post(path, content=b"0" * size, headers=CMS)
        assert answer.json()["code"] == "payload_too_large"
    assert await _kept(core) == 0


async def test_the_same_file_again_is_the_same_and_checked_anew(
    signing, core, person, authority
) -> None:
    _trust(core)
    dean, signature = await _actor(core, "dean"), person.signed(PDFS["en"])
    attach = (dean, signing.act_id, signature, "kk")
    first, twin = await asyncio.gather(
        core.act_signatures.attach(*attach), core.act_signatures.attach(*attach)
    )
    assert first.id == twin.id
    assert (first.verified, first.problem, first.language) == (False, "no_authorities", "en")
    _trust(core, authority)
    again = await core.act_signatures.attach(*attach)
    assert (again.id, again.verified, again.problem) == (first.id, True, None)
    _trust(core)
    assert (await core.act_signatures.attach(*attach)).verified  # stays what it was found to be
    assert await _kept(core) == 1


async def test_a_signature_stays_with_the_revision_that_was_signed(signing, core, person) -> None:
    dean = await _actor(core, "dean")
    old = person.signed(PDFS["kk"])
    await core.act_signatures.attach(dean, signing.act_id, old, "kk")
    await core.blobs.put("new.pdf", b"%PDF new")
    async with core.database.write() as unit:
        row = await unit.session.get(tables.ActRow, signing.act_id)
        same = ("sitting_id", "form", "number", "year", "seq", "made_at", "made_by", "document")
        unit.session.add(
            tables.ActRow(
                **{name: getattr(row, name) for name in same},
                id=new_id(), revision=2, document_sha256={},
                blobs=dict.fromkeys(PDFS, "new.pdf"),
            )
        )  # fmt: skip
    told = await core.act_signatures.attach(dean, signing.act_id, old, "kk")
    assert (told.revision, told.problem) == (2, "other_document")
    new = person.signed(b"%PDF new")
    await core.act_signatures.attach(dean, signing.act_id, new, "kk")
    found = (await core.act_signatures.of_act(dean, signing.act_id)).signatures
    assert [(one.revision, one.verified) for one in found] == [(1, True), (2, False), (2, True)]
    assert await core.act_signatures.file(dean, signing.act_id, found[0].id) == old
    assert await core.act_signatures.packed(signing.act_id) == (("kk", old),)


async def test_one_person_attaches_only_so_many_and_takes_nobodys_room(
    signing, core, person, monkeypatch
) -> None:
    monkeypatch.setattr(act_signatures, "MOST", 1)
    dean = await _actor(core, "dean")
    await core.act_signatures.attach(dean, signing.act_id, person.signed(PDFS["kk"]), "kk")
    with pytest.raises(SignaturesFull):
        await core.act_signatures.attach(dean, signing.act_id, person.signed(PDFS["ru"]), "kk")
    assert await _kept(core) == 1
    member = await _actor(core, "member")
    await core.act_signatures.attach(member, signing.act_id, person.signed(PDFS["ru"]), "kk")
    assert await _kept(core) == 2
