"""People's detached signatures beside documents: who attaches them, what is told of them."""

import asyncio
import base64

import pytest
from sqlalchemy import func, select, update

from acts.package import PackedSignature
from exam_api.adapters.sql import tables
from exam_api.domain.errors import Forbidden, NotFound, SignaturesFull
from exam_api.domain.ids import new_id
from exam_api.services import signatures
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.services.signatures import FILE_LIMIT, PublicSignature, Signatures
from exam_api.services.signatures_ports import PaperKind
from tests.unit.acts.test_people_signatures import AUTHORITY, SIGNER, pair

pytestmark = pytest.mark.integration
PDFS = {"kk": b"%PDF kk", "ru": b"%PDF ru", "en": b"%PDF en"}
ACT = PaperKind.ACT
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
    parts = (core.database, core.clock, core.blobs, core.appeals.protocol)
    core.signatures = Signatures(*parts, certificates)


async def _change_act(core, act_id: str, **values: object) -> None:
    async with core.database.write() as unit:
        change = update(tables.ActRow).where(tables.ActRow.id == act_id)
        await unit.session.execute(change.values(**values))


async def _actor(core, login: str):
    return (await core.accounts.log_in(login, DEMO_PASSWORD, "x")).actor


async def _kept(core) -> int:
    async with core.database.read() as unit:
        return await unit.session.scalar(select(func.count()).select_from(tables.SignatureRow))


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
        told = (await http.get(path)).json()
        assert (told["signatures"], told["may_attach"]) == ([made], may)
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
        await core.signatures.attach(
            await _actor(core, login), ACT, signing.act_id, signature, "kk"
        )
    assert await _kept(core) == len(signers)
    signature = person.signed(PDFS["kk"])
    for login, refusal in (
        *(("registrar", Forbidden), ("admin", Forbidden)),
        *(("proctor2", NotFound), ("student2", NotFound), ("teacher", NotFound)),
    ):
        with pytest.raises(refusal):
            await core.signatures.attach(
                await _actor(core, login), ACT, signing.act_id, signature, "kk"
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
    attach = (dean, ACT, signing.act_id, signature, "kk")
    first, twin = await asyncio.gather(
        core.signatures.attach(*attach), core.signatures.attach(*attach)
    )
    assert first.id == twin.id
    assert (first.verified, first.problem, first.language) == (False, "no_authorities", "en")
    _trust(core, authority)
    again = await core.signatures.attach(*attach)
    assert (again.id, again.verified, again.problem) == (first.id, True, None)
    _trust(core)
    assert (await core.signatures.attach(*attach)).verified  # stays what it was found to be
    assert await _kept(core) == 1


async def test_a_signature_stays_with_the_revision_that_was_signed(signing, core, person) -> None:
    dean = await _actor(core, "dean")
    old = person.signed(PDFS["kk"])
    await core.signatures.attach(dean, ACT, signing.act_id, old, "kk")
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
    told = await core.signatures.attach(dean, ACT, signing.act_id, old, "kk")
    assert (told.revision, told.problem) == (2, "other_document")
    new = person.signed(b"%PDF new")
    await core.signatures.attach(dean, ACT, signing.act_id, new, "kk")
    found = (await core.signatures.of(dean, ACT, signing.act_id)).signatures
    assert [(one.revision, one.verified) for one in found] == [(1, True), (2, False), (2, True)]
    assert await core.signatures.file(dean, ACT, signing.act_id, found[0].id) == old
    assert await core.act_signatures.packed(signing.act_id) == (
        PackedSignature("kk", old, found[0].at),
    )


async def test_one_person_attaches_only_so_many_and_takes_nobodys_room(
    signing, core, person, monkeypatch
) -> None:
    monkeypatch.setattr(signatures, "MOST", 1)
    dean = await _actor(core, "dean")
    await core.signatures.attach(dean, ACT, signing.act_id, person.signed(PDFS["kk"]), "kk")
    with pytest.raises(SignaturesFull):
        await core.signatures.attach(dean, ACT, signing.act_id, person.signed(PDFS["ru"]), "kk")
    assert await _kept(core) == 1
    member = await _actor(core, "member")
    await core.signatures.attach(member, ACT, signing.act_id, person.signed(PDFS["ru"]), "kk")
    assert await _kept(core) == 2


# --- form 2, form 4, protocol -------------------------------------------------------------------


async def _signed_by_api(http, page: str, signature: bytes) -> tuple[int, object]:
    answer = await http.post(f"/api/v1{page}/signatures", content=signature, headers=CMS)
    return answer.status_code, answer.json()


async def test_form_2_is_signed_by_who_saw_the_refusal_not_by_the_student(
    signing, core, client_of, browser_of, person
) -> None:
    await signing.put_on_the_way()
    form2 = new_id()
    async with core.database.write() as unit:
        row = await unit.session.get(tables.ActRow, signing.act_id)
        same = ("sitting_id", "number", "year", "seq", "made_at", "made_by", "blobs")
        unit.session.add(
            tables.ActRow(
                **{name: getattr(row, name) for name in same},
                id=form2, form=2, revision=1, source="people", about_id=row.id,
                document_sha256={}, document={},
            )
        )  # fmt: skip
    page = f"/acts/{form2}"
    dean = await client_of("dean")
    signature = person.signed(PDFS["kk"])
    status, made = await _signed_by_api(dean, page, signature)
    assert (status, made["verified"], made["subject"]) == (201, True, SIGNER)
    student = await client_of("student1")
    assert (await _signed_by_api(student, page, b"x"))[0] == 403
    seen = await student.get(f"/api/v1{page}/signatures")
    assert [one["id"] for one in seen.json()["signatures"]] == [made["id"]]
    assert (await _signed_by_api(await client_of("student2"), page, b"x"))[0] == 404
    own = await (await browser_of("dean")).get(f"{page}/signatures")
    assert SIGNER in own.text
    assert f'href="/api/v1{page}.pdf?lang=ru"' in own.text
    assert f'href="/acts/{signing.act_id}"' in own.text  # back to the act that was not signed
    assert [one.cms for one in await core.act_signatures.packed(form2)] == [signature]
    assert await core.act_signatures.packed(signing.act_id) == ()


@pytest.fixture
async def check_list(signing, core) -> str:
    """Handed in by proctor1 to member; nobody has signed it."""
    row = tables.CheckListRow(
        id=new_id(), member_id=signing.users["member"], proctor_id=signing.users["proctor1"],
        state="handed_in", made_at=core.clock.now(),
    )  # fmt: skip
    async with core.database.write() as unit:
        unit.session.add(row)
        await unit.session.flush()
        unit.session.add(tables.CheckListSitting(sitting_id=signing.sitting_id, list_id=row.id))
    return row.id


async def _sign_in_the_system(core, list_id: str, member: str, name: str) -> None:
    """The step of S-18, with PDFs of ``name``."""
    files = {f"pdf-{one}": f"{name}{one}.pdf" for one in PDFS}
    async with core.database.write() as unit:
        row = await unit.session.get(tables.CheckListRow, list_id)
        row.state = "signed"
        unit.session.add(
            tables.CheckListStepRow(
                list_id=list_id, step="sign", at=core.clock.now(), by_user=member, reason="",
                sample=[], files=files, sha256="0" * 64,
            )
        )  # fmt: skip


async def test_form_4_is_signed_by_its_member_and_its_proctor_once_it_is_final(
    signing, core, client_of, check_list, person
) -> None:
    page, member = f"/check-lists/{check_list}", await client_of("member")
    status, early = await _signed_by_api(member, page, person.signed(PDFS["kk"]))
    assert (status, early["code"]) == (409, "paper_missing")
    await _sign_in_the_system(core, check_list, signing.users["member"], "")
    status, made = await _signed_by_api(member, page, person.signed(PDFS["ru"]))
    assert (status, made["verified"], made["language"], made["revision"]) == (201, True, "ru", 1)
    for login, expected in (("proctor1", 201), ("testing", 403), ("proctor2", 404)):
        signature = pair(login, person).signed(PDFS["kk"])
        assert (await _signed_by_api(await client_of(login), page, signature))[0] == expected
    # Taken back and signed anew, it is another document.
    await core.blobs.put("newkk.pdf", b"%PDF new")
    for language in ("ru", "en"):
        await core.blobs.put(f"new{language}.pdf", b"%PDF new " + language.encode())
    await _sign_in_the_system(core, check_list, signing.users["member"], "new")
    _, again = await _signed_by_api(member, page, person.signed(PDFS["ru"]))
    assert (again["revision"], again["problem"]) == (2, "other_document")
    seen = (await member.get(f"/api/v1{page}/signatures")).json()
    assert [one["revision"] for one in seen["signatures"]] == [1, 1, 2]


@pytest.fixture
async def protocol(signing, core) -> str:
    """Of an appeal that was decided; its chair is ``appeals``."""
    now, users = core.clock.now(), signing.users
    commission = tables.AppealCommission(
        id=new_id(), order_number="15-Б", order_date=now.date(), chair_id=users["appeals"],
        created_at=now, created_by=users["registrar"], protocols=1,
    )  # fmt: skip
    appeal = tables.AppealRow(
        id=new_id(), sitting_id=signing.sitting_id, state="rejected", grounds="негіз",
        lodged_at=now, visa_by=users["registrar"], visa_at=now, visa_note="", due_on=now.date(),
        commission_id=commission.id, decided_at=now, reasons="дәлел", points_before=50,
        points_after=50, protocol=1,
    )  # fmt: skip
    async with core.database.write() as unit:
        unit.session.add(commission)
        await unit.session.flush()
        unit.session.add(
            tables.AppealCommissionMember(commission_id=commission.id, member_id=users["appeals"])
        )
        unit.session.add(appeal)
    return f"/appeals/{appeal.id}"


async def test_a_protocol_is_signed_as_it_was_first_made(  # noqa: PLR0917
    signing, core, client_of, browser_of, protocol, person
) -> None:
    chair = await client_of("appeals")
    pdf = (await chair.get(f"/api/v1{protocol}/protocol.pdf?lang=ru")).content
    status, made = await _signed_by_api(chair, protocol, person.signed(pdf))
    assert (status, made["verified"], made["language"]) == (201, True, "ru")
    renamed = update(tables.User).where(tables.User.login == "student1")
    async with core.database.write() as unit:
        await unit.session.execute(renamed.values(full_name="Басқа Есім"))
    assert (await chair.get(f"/api/v1{protocol}/protocol.pdf?lang=ru")).content == pdf
    student = await client_of("student1")
    assert (await _signed_by_api(student, protocol, b"x"))[0] == 403
    assert (await _signed_by_api(await client_of("student2"), protocol, b"x"))[0] == 404
    own = (await (await browser_of("appeals")).get(protocol)).text
    assert SIGNER in own
    assert f'action="{protocol}/signatures"' in own
    assert (
        own.count(f'href="/api/v1{protocol}/protocol.pdf?lang=ru"') == 2
    )  # also where it is signed


async def test_what_anybody_may_learn_of_them_names_nobody(signing, core, person) -> None:
    dean = await _actor(core, "dean")
    for signature in (person.signed(PDFS["kk"]), person.signed(b"another document")):
        await core.signatures.attach(dean, ACT, signing.act_id, signature, "kk")
    assert await core.act_signatures.public(signing.act_id) == (
        PublicSignature("kk", AUTHORITY),
        PublicSignature("kk", ""),
    )
