"""Role × route × object, for every route of the whole application.

How to add a row: a new route fails ``test_no_route_is_left_out`` until ROWS has it. Write
``row("METHOD /path", WHO)``: WHO are those who get past the permission, whatever the route then
answers them (200, 303, 409, 422 …). Everybody else of PEOPLE must be refused: 401, 403, 404
without a word on whether the thing exists, or 405 where a method is only reserved. Names in
braces come from ``university.names`` and name what is student1's, and what those have to do with
who watch over, teach or judge student1; the others hold the same roles elsewhere. A list answers
everybody, each with their own: ``tells`` is a text that only ``told`` may find in the answer.
``json``, ``form`` and ``query`` must be such as the route reads, or it refuses the request itself
before it asks who sends it.
"""

from tests.integration.exam_api_permissions.route_people import (
    ACT_READERS,
    ACT_SIGNERS,
    ADMIN,
    APPEAL_READERS,
    BANK,
    COMMISSION,
    DEPARTMENT,
    EXAM_WATCHERS,
    FEW,
    GRADERS,
    HEADS,
    JUDGES,
    LIST_READERS,
    LOADERS,
    MEMBER,
    MEMBERS,
    NO_ONE,
    OTHERS,
    OVERSEERS,
    OWNER,
    PEOPLE,
    PROCTOR,
    RECORDS,
    REGISTRAR,
    SECOND,
    SIGNED_IN,
    STATISTICIANS,
    TESTING,
    WATCHERS,
    row,
    rows,
    signatures,
    steps,
)

PERSON_FORM = {"login": "new.one", "full_name": "Жаңа Адам", "roles": "student", "group": "{group}"}
FACULTY_FORM = {"name_kk": "Физика факультеті"}
OF_FACULTY = {"kind": "faculty", "place_id": "{faculty}"}
OF_DEAN = {"user_id": "{dean}"}
IS_DEAN = {"person_id": "{dean}"}
DISABLED = {"disabled": True, "reason": "x"}
DISABLE = {"disabled": "true", "reason": "x"}
REASON = {"reason": "шаршады"}
TEXT = {"text": "рахмет"}
TIME = {"minutes": 5, "reason": "байланыс үзілді"}
JPEG = {"jpeg": "/9j/4AAQSkZJRg=="}
PDF = {"kind": "pdf"}
PAGE = {"kind": "html"}
PIECE = "?size=9&start_ms=0&sha256=" + "0" * 64
PAGE_STATE = {"focus_lost": True, "second_screen": False, "virtual_camera": False}
SAMPLES = {"samples": [{"sent": 1, "server": 2, "received": 3}] * 8}
PERIOD_FORM = {"title": "Қысқы", "starts_on": "2027-01-11", "ends_on": "2027-01-30"}
ITEMS = {"item_ids": ["{item_id}"], "remark": "x"}
WINDOW = {"opens_at": "2027-01-12T04:00:00Z", "closes_at": "2027-01-12T06:00:00Z"}
EXAM_BODY = {"discipline_id": "{discipline_id}", "languages": ["kk"], **WINDOW}
PERSON_BODY = {"login": "new.one", "full_name": "Жаңа Адам", "roles": ["student"]}
SHARES = {"shares": [{"count": 1}]}
TEST_BODY = {"discipline_code": "X", "name": "Y", "languages": ["kk"], "questions": 1, **SHARES}
RATINGS = b"login;points\nstudent1;70\n"
STATEMENT = {"file": ("ratings.csv", RATINGS)}
ROOM = {"name": "101", "seats": 20}
TEST_FORM = {"code": "X", "name": "Y", "control": "exam", "questions": "many"}
SIGNATORY = {"full_name": "X", "capacity": "proctor"}
BREACH_ACT = {"id": "{any_id}", "form": 1, "commission": [SIGNATORY], "breaches": []}
OF_SECOND = {"act_id": "{second_act_id}", "flag_id": "{second_flag_id}"}
SITTING = "/api/v1/sittings/{sitting_id}"
EXAM = "/api/v1/exams/{exam_id}"
PLANNED = "/api/v1/schedule/exams/{exam_id}"
DISCIPLINE = "/api/v1/bank/disciplines/{discipline_id}"
LIST = "/api/v1/check-lists/{list_id}"
SHEET = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FORM4_CSV = (
    "АЖӘ;Мамандығы/БББ;Курс, топ;Пән;Емтихан күні;Сілтеме;АКТ (жасалды/жасалмады);Проктордың АЖӘ"
).encode()
APPEAL = "/api/v1/appeals/{appeal_id}"
PLAN = "/schedule/exams/{exam_id}"


ROWS = (
    # --- the server itself
    row("GET /api/v1/openapi.json", PEOPLE, asked=FEW),
    row("GET /healthz", PEOPLE),
    row("GET /metrics", ADMIN),
    row("GET /i18n/{language}.json", PEOPLE, values={"language": "kk"}),
    row("GET /api/v1/time", SIGNED_IN),
    # --- log-in, own account, own notices
    row("GET /", SIGNED_IN),
    row("GET /login", PEOPLE),
    row("POST /login", NO_ONE, form={"login": "x", "password": "y"}, asked=FEW),
    row("POST /logout", PEOPLE),
    row("POST /language", PEOPLE, form={"language": "kk"}),
    row("POST /api/v1/session", NO_ONE, json={"login": "x", "password": "y"}, asked=FEW),
    row("GET /api/v1/session", SIGNED_IN),
    row("DELETE /api/v1/session", PEOPLE),
    row("PUT /api/v1/session/language", SIGNED_IN, json={"language": "kk"}),
    row("PUT /api/v1/session/password", SIGNED_IN, json={"current": "x", "new": "y"}, asked=FEW),
    row("POST /api/v1/session/choice", SIGNED_IN, json={"keep": "here"}),
    row("GET /api/v1/sessions", SIGNED_IN, tells="{session_id}", told=OWNER),
    row("DELETE /api/v1/sessions", SIGNED_IN),
    row("DELETE /api/v1/sessions/{session_id}", OWNER),
    row("GET /account", SIGNED_IN, tells="{session_id}", told=OWNER),
    row("POST /account/sessions/end-others", SIGNED_IN),
    row("POST /account/sessions/{session_id}/end", OWNER),
    row("GET /account/password", SIGNED_IN),
    row(
        "POST /account/password",
        SIGNED_IN,
        form={"current": "x", "new": "y", "again": "z"},
        asked=FEW,
    ),
    row("GET /account/session-choice", SIGNED_IN),
    row("POST /account/session-choice", SIGNED_IN, form={"keep": "here"}),
    row("GET /api/v1/notices/unread", SIGNED_IN),
    row("GET /notices", SIGNED_IN, tells="{notice_id}", told=OWNER),
    row("POST /notices/read", SIGNED_IN),
    row("POST /notices/{notice_id}/read", SIGNED_IN),  # each marks only the own copy
    # --- the student: the way to the test, and the room (T-6.4: the questions are nobody else's)
    row("GET /cabinet", SIGNED_IN),
    row("POST /exams/{exam_id}/enter", OWNER | OTHERS),
    # Who is no student is led away to a page of their own.
    row("GET /sittings/{sitting_id}", SIGNED_IN - OTHERS - {"student9"}),
    row(
        "GET /api/v1/exams",
        SIGNED_IN,
        tells="{exam_id}",
        told=EXAM_WATCHERS | DEPARTMENT | OWNER | OTHERS,
    ),
    row(f"GET {EXAM}", EXAM_WATCHERS | DEPARTMENT | OWNER | OTHERS),
    row(f"POST {EXAM}/sittings", OWNER | OTHERS),
    *rows(WATCHERS | OWNER, f"GET {SITTING}", f"GET {SITTING}/question-appeals"),
    row(f"POST {SITTING}/claim", OWNER, json={"client_id": "tab"}),
    *rows(
        OWNER,
        f"POST {SITTING}/publish-token",
        f"POST {SITTING}/begin",
        f"GET {SITTING}/questions",
        f"POST {SITTING}/finish",
        f"POST {SITTING}/ready",
        f"POST {SITTING}/break",
        f"POST {SITTING}/break/end",
        f"POST {SITTING}/warnings/{{warning_id}}/acknowledge",
        f"POST {SITTING}/second-camera/link",
        f"GET {SITTING}/lacking",
    ),
    row(f"GET {SITTING}/items/{{item_id}}/pictures/{{name}}", OWNER),
    row(
        f"PUT {SITTING}/answers/{{item_id}}",
        OWNER,
        json={"response": {"kind": "single", "choice": "{any_id}"}, "client_seq": 1},
    ),
    row(f"POST {SITTING}/replies", OWNER, json=TEXT),
    row(f"POST {SITTING}/time-requests", OWNER, json=REASON),
    row(f"PUT {SITTING}/question-appeals/{{item_id}}", OWNER, json=TEXT),
    row(f"POST {SITTING}/question-appeals/{{item_id}}/grounds", OWNER, json=TEXT),
    row(f"PUT {SITTING}/clock", OWNER, json=SAMPLES),
    row(f"PUT {SITTING}/page-state", OWNER, json=PAGE_STATE),
    row(f"POST {SITTING}/client-events", OWNER, json={"kind": "focus_lost"}),
    row(f"GET {SITTING}/pieces/{{piece_id}}", OWNER, query=PIECE),
    row(f"PATCH {SITTING}/pieces/{{piece_id}}", OWNER, query=PIECE, headers={"Upload-Offset": "0"}),
    row(f"PUT {SITTING}/identity/{{kind}}", OWNER, json=JPEG, values={"kind": "face"}),
    row(f"POST {SITTING}/consent", OWNER, json={"rules": 0, "language": "kk"}),
    # --- media: by a token of their own, never by who one is (RFC 9725)
    *rows(
        NO_ONE,
        *(
            f"{method} {path}"
            for path in ("/whip", "/whep", "/whip/{resource_id}", "/whep/{resource_id}")
            for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        ),
        "POST /api/v1/second-camera/open",
        "POST /api/v1/second-camera/publish-token",
    ),
    row("GET /second-camera/{link_token}", PEOPLE),  # an empty page: the token opens the rest
    # --- watching and reviewing
    row("GET /console", SIGNED_IN, tells="{exam_id}", told=EXAM_WATCHERS),
    row("GET /overview", SIGNED_IN, tells="{exam_id}", told=EXAM_WATCHERS),
    row("GET /console/{exam_id}", EXAM_WATCHERS),
    row(
        "POST /console/{exam_id}/duties",
        PROCTOR | {"proctor2"},
        form={"duty": "exam.prepared"},
    ),
    row(
        "GET /console/{exam_id}/admission",
        EXAM_WATCHERS,
        tells="{waiting_id}",
        told=OVERSEERS | {"proctor2", "member2", "dean"},
    ),
    row("POST /console/{exam_id}/admission/{sitting_id}", PROCTOR, form={"action": "admit"}),
    row("GET /overview/{exam_id}", EXAM_WATCHERS, tells="{sitting_id}", told=WATCHERS),
    row("GET /review/{sitting_id}", WATCHERS),
    row(f"GET {EXAM}/console", EXAM_WATCHERS, tells="{sitting_id}", told=WATCHERS),
    row(f"GET {EXAM}/load", EXAM_WATCHERS),
    row(f"GET {EXAM}/events", EXAM_WATCHERS, hangs=True),
    row(f"GET {EXAM}/form4.xlsx", EXAM_WATCHERS),
    row(f"GET {EXAM}/form4.pdf", EXAM_WATCHERS),
    row(f"GET {EXAM}/form4.html", EXAM_WATCHERS),
    # --- form 4 on its way: sent by member to proctor1
    *(
        row(f"GET {path}", SIGNED_IN, tells="{list_id}", told=LIST_READERS)
        for path in ("/check-lists", "/api/v1/check-lists")
    ),
    row("GET /check-lists/overdue", SIGNED_IN),
    row("GET /api/v1/check-lists/proposals", MEMBERS),
    row("POST /check-lists", MEMBERS, form={"proctor_id": "{proctor_id}", "exams": "{exam_id}"}),
    row(
        "POST /api/v1/check-lists",
        MEMBERS,
        json={"proctor_id": "{proctor_id}", "exam_ids": ["{exam_id}"]},
    ),
    *rows(LIST_READERS, "GET /check-lists/{list_id}", f"GET {LIST}"),
    row(f"GET {LIST}/form4.{{kind}}", LIST_READERS, values={"kind": "pdf"}),
    row(f"GET {LIST}/form4.{{kind}}", LIST_READERS, values=PAGE),
    row("GET /api/v1/members/{member_id}/form4.{kind}", LIST_READERS, values={"kind": "xlsx"}),
    row("GET /api/v1/members/{member_id}/form4.{kind}", LIST_READERS, values=PAGE),
    *signatures("check-lists", "{list_id}", LIST_READERS, PROCTOR | MEMBER),
    row("POST /check-lists/{list_id}/findings", PROCTOR, form={"follow": "1"}),
    row(f"PUT {LIST}/findings", PROCTOR, json={"findings": {}}),
    row("POST /check-lists/{list_id}/steps", MEMBER, form={"step": "recall", "reason": "x"}),
    row(f"POST {LIST}/steps", MEMBER, json={"step": "recall", "reason": "x"}),
    row(f"POST {LIST}/steps", PROCTOR, json={"step": "hand_in"}),
    row("POST /check-lists/{list_id}/file", PROCTOR | MEMBER, files=STATEMENT),
    row("POST /check-lists/{list_id}/file/take", PROCTOR, form={"content": "eA=="}),
    row(f"POST {LIST}/file", PROCTOR | MEMBER, content=b"x", headers=SHEET),
    row(f"PUT {LIST}/file", PROCTOR, content=FORM4_CSV, headers=SHEET, query="?compared=x"),
    *rows(
        WATCHERS,
        f"GET {SITTING}/thumbnail.jpg",
        f"GET {SITTING}/flags",
        f"GET {SITTING}/transitions",
        f"GET {SITTING}/course",
        f"POST {SITTING}/watch-token",
        f"GET {SITTING}/recording.webm",
        "GET /api/v1/flags/{flag_id}/evidence.jpg",
        "GET /api/v1/flags/{flag_id}/clip.webm",
    ),
    row("GET /api/v1/acts/{act_id}.zip", WATCHERS | COMMISSION),
    row("GET /api/v1/flags/{flag_id}/before/{at_ms}.jpg", WATCHERS, values={"at_ms": "0"}),
    row("GET /api/v1/rules", SIGNED_IN),
    row(f"GET {SITTING}/identity", WATCHERS),
    row(f"GET {SITTING}/identity/{{kind}}.jpg", WATCHERS, values={"kind": "face"}),
    row(f"POST {SITTING}/exports", WATCHERS, json={"track": "camera"}),
    row(f"GET {SITTING}/exports/{{track}}", WATCHERS, values={"track": "camera"}),
    row(f"GET {SITTING}/recording.mp4", WATCHERS),
    *rows(ACT_READERS, "GET /api/v1/acts/{act_id}.pdf", "GET /api/v1/acts/{act_id}.html"),
    row("GET /verify/{act_id}/{digest_prefix}", PEOPLE),
    # --- an act on its way: who may see it, and whose step is whose
    row("GET /acts", SIGNED_IN, tells="{act_id}", told=ACT_READERS),
    row("GET /api/v1/acts", SIGNED_IN, tells="{act_id}", told=ACT_READERS),
    row("GET /api/v1/acts/summary", SIGNED_IN, tells="opened", told=ACT_READERS),
    *rows(
        ACT_READERS,
        "GET /acts/{act_id}",
        "GET /api/v1/acts/{act_id}/way",
        "GET /api/v1/acts/{act_id}/evidence/{flag_id}.jpg",
        "GET /api/v1/acts/{act_id}/evidence/{flag_id}.webm",
    ),
    *signatures("acts", "{act_id}", ACT_READERS, ACT_SIGNERS),
    *steps(frozenset({"member"}), "forward"),
    *steps(COMMISSION | {"member"}, "recall"),
    *steps(frozenset({"dean"}), "deliver", "take_back", "reopen"),
    *steps(frozenset({"member", "dean"}), "unrefuse"),
    *steps(OWNER, "open", "agree", "disagree"),
    *steps(COMMISSION, "confirm", "withdraw", "reconsider"),
    *steps(NO_ONE, "lapse", "refuse"),
    row("GET /second-reviews", SIGNED_IN, tells="{second_act_id}", told=SECOND),
    row("GET /api/v1/second-reviews", SIGNED_IN, tells="{second_act_id}", told=SECOND),
    *rows(
        OVERSEERS | {"member", "member2"},
        "GET /second-reviews/agreement",
        "GET /api/v1/second-reviews/agreement",
    ),
    *rows(
        SECOND,
        "GET /second-reviews/{act_id}",
        "GET /api/v1/second-reviews/{act_id}",
        "GET /api/v1/second-reviews/{act_id}/flags/{flag_id}.jpg",
        "GET /api/v1/second-reviews/{act_id}/flags/{flag_id}.webm",
        values=OF_SECOND,
    ),
    row("POST /second-reviews/{act_id}", SECOND, values=OF_SECOND),
    row("POST /api/v1/second-reviews/{act_id}", SECOND, values=OF_SECOND, json={"flags": []}),
    # --- what a proctor decides, on own students only
    row("POST /api/v1/flags/{flag_id}/decision", PROCTOR, json={"verdict": "dismissed"}),
    row(
        f"POST {SITTING}/decisions",
        PROCTOR,
        json={"verdict": "dismissed", "flag_ids": ["{flag_id}"]},
    ),
    *rows(
        PROCTOR,
        f"POST {SITTING}/admit",
        f"POST {SITTING}/refuse",
        f"POST {SITTING}/pause",
        f"POST {SITTING}/resume",
        f"POST {SITTING}/remove",
        f"POST {SITTING}/time-requests/refuse",
        json=REASON,
    ),
    *rows(PROCTOR, f"POST {SITTING}/messages", f"POST {SITTING}/warnings", json=TEXT),
    *rows(PROCTOR, f"POST {SITTING}/extend", f"POST {SITTING}/time-requests/grant", json=TIME),
    # --- acts that people draw up (S-12): the proctor of that sitting and the testing centre
    *rows(WATCHERS, f"GET {SITTING}/acts", "GET /review/{sitting_id}/acts"),
    row(f"POST {SITTING}/acts", PROCTOR | TESTING, json=BREACH_ACT),
    row("GET /review/{sitting_id}/acts/new", PROCTOR | TESTING),
    row("POST /review/{sitting_id}/acts/new", PROCTOR | TESTING, form={"name.0": ""}),
    row("POST /review/{sitting_id}/acts/draft.pdf", PROCTOR | TESTING, form={"name.0": ""}),
    row(
        "POST /api/v1/acts/{act_id}/refusals",
        PROCTOR | TESTING | {"member", "dean"},
        json={"id": "{any_id}", "author": SIGNATORY, "witnesses": []},
    ),
    row("GET /acts/{act_id}/refusal", PROCTOR | TESTING | {"member", "dean"}),
    *rows(
        PROCTOR | TESTING | {"member", "dean"},
        "POST /acts/{act_id}/refusal",
        "POST /acts/{act_id}/refusal/draft.pdf",
        form={"capacity.0": "proctor"},
    ),
    # --- grades, the journal, statistics
    row("GET /grades", OWNER | OTHERS | {"student9"}, tells="{appeal_id}", told=OWNER),
    row("GET /results", SIGNED_IN, tells="{exam_id}", told=GRADERS),
    row("GET /results/{exam_id}", GRADERS, tells="Нұрланова", told=GRADERS),
    row("GET /results/{exam_id}/{sitting_id}", GRADERS),
    *rows(REGISTRAR | DEPARTMENT, "POST /results/{exam_id}/import", f"POST {EXAM}/journal"),
    row(f"GET {EXAM}/statement.{{kind}}", GRADERS, values=PDF),
    row(f"GET {EXAM}/statement.{{kind}}", GRADERS, values=PAGE),
    row(
        f"GET {EXAM}/journal.{{kind}}",
        GRADERS,
        values={"kind": "csv"},
        tells="Нұрланова",
        told=GRADERS,
    ),
    row("GET /api/v1/journal", RECORDS),
    row("GET /clients", ADMIN),
    row("POST /clients", ADMIN, form={"name": "platonus"}),
    row("POST /clients/{client_id}/revoke", ADMIN),
    row("GET /statistics", STATISTICIANS, tells="{discipline}", told=GRADERS),
    row("GET /api/v1/statistics/report.{kind}", STATISTICIANS, values=PDF),
    row("GET /api/v1/statistics/report.{kind}", STATISTICIANS, values=PAGE),
    # --- appeals
    row(f"GET {SITTING}/appeal", OWNER),
    row(f"POST {SITTING}/appeal", OWNER, json={"grounds": "екі жауап та дұрыс"}),
    row("GET /grades/{sitting_id}/appeal", OWNER),
    row("POST /grades/{sitting_id}/appeal", OWNER, form={"grounds": "екі жауап та дұрыс"}),
    row("GET /api/v1/appeals", SIGNED_IN, tells="{appeal_id}", told=APPEAL_READERS),
    row("GET /appeals", SIGNED_IN, tells="{appeal_id}", told=APPEAL_READERS),
    row(f"GET {APPEAL}", APPEAL_READERS, tells="жасырын дауыс", told=JUDGES),
    row("GET /appeals/{appeal_id}", APPEAL_READERS, tells="жасырын дауыс", told=JUDGES),
    row(f"GET {APPEAL}/answer-sheet", REGISTRAR | JUDGES),
    row("GET /appeals/{appeal_id}/pictures/{name}", REGISTRAR | JUDGES),
    *rows(
        APPEAL_READERS,
        f"GET {APPEAL}/protocol.pdf",
        f"GET {APPEAL}/protocol.html",
        values={"appeal_id": "{decided_appeal_id}"},
    ),
    *signatures("appeals", "{decided_appeal_id}", APPEAL_READERS, JUDGES),
    row(f"POST {APPEAL}/visa", REGISTRAR, json={"grant": True}),
    row("POST /appeals/{appeal_id}/visa", REGISTRAR, form={"grant": "true"}),
    row(f"PUT {APPEAL}/vote", JUDGES, json={"uphold": True}),
    row("POST /appeals/{appeal_id}/vote", JUDGES, form={"uphold": "true"}),
    row(f"POST {APPEAL}/decision", JUDGES, json={"reasons": "дұрыс", "points": 80}),
    row("POST /appeals/{appeal_id}/decision", JUDGES, form={"reasons": "дұрыс", "points": "80"}),
    *rows(RECORDS, "GET /appeals/commissions", "POST /appeals/commissions"),
    # --- mail
    row("GET /mail", ADMIN),
    row("POST /mail/returned", ADMIN, files=STATEMENT),
    row("GET /mail/{notice_id}/{user_id}.eml", ADMIN, values={"user_id": "{owner}"}),
    row("POST /mail/{notice_id}/{user_id}/retry", ADMIN, values={"user_id": "{owner}"}),
    # --- people and structure
    *rows(
        RECORDS,
        "GET /people",
        "GET /people/import",
        "GET /people/import/template.csv",
        "GET /people/new",
        "GET /people/{user_id}",
        "GET /people/{user_id}/edit",
        "POST /people/{user_id}/password",
        "POST /people/{user_id}/sessions/end",
        "GET /structure",
    ),
    row("POST /people/import", RECORDS, form={"file": "none"}),
    row("POST /people/import/take", RECORDS, form={"content": "", "plan": ""}),
    row("POST /people/new", RECORDS, form=PERSON_FORM),
    row("POST /people/{user_id}/edit", RECORDS, form={**PERSON_FORM, "login": "student2"}),
    row("POST /people/{user_id}/status", RECORDS, form=DISABLE),
    # Staff accounts are the administrator's.
    row("POST /people/{user_id}/password", ADMIN, values=OF_DEAN),
    row("POST /people/{user_id}/status", ADMIN, form=DISABLE, values=OF_DEAN),
    row("POST /people/{user_id}/sessions/end", ADMIN, values=OF_DEAN),
    *rows(RECORDS, "GET /structure/{kind}", "GET /structure/{kind}/{place_id}", values=OF_FACULTY),
    *rows(
        RECORDS,
        "POST /structure/{kind}",
        "POST /structure/{kind}/{place_id}",
        "POST /structure/{kind}/{place_id}/status",
        values=OF_FACULTY,
        form={**FACULTY_FORM, "disabled": "true"},
    ),
    row("GET /audit", ADMIN),
    row("GET /api/v1/erasures/{erasure_id}/certificate.{kind}", ADMIN, values=PDF),
    row("GET /api/v1/people", RECORDS),
    row("POST /api/v1/people", RECORDS, json={**PERSON_BODY, "group_id": "{group}"}),
    row("GET /api/v1/people/{person_id}", RECORDS),
    row("PUT /api/v1/people/{person_id}", RECORDS, json={**PERSON_BODY, "group_id": "{group}"}),
    row("PUT /api/v1/people/{person_id}/status", RECORDS, json=DISABLED),
    row("PUT /api/v1/people/{person_id}/status", ADMIN, json=DISABLED, values=IS_DEAN),
    row("POST /api/v1/people/{person_id}/password", RECORDS),
    row("POST /api/v1/people/{person_id}/password", ADMIN, values=IS_DEAN),
    row("GET /api/v1/structure/{kind}", RECORDS, values=OF_FACULTY),
    row("POST /api/v1/structure/{kind}", RECORDS, values=OF_FACULTY, json=FACULTY_FORM),
    row("PUT /api/v1/structure/{kind}/{place_id}", RECORDS, values=OF_FACULTY, json=FACULTY_FORM),
    # --- the schedule and admission: made by those who oversee; others see when their exams are
    row("GET /schedule", SIGNED_IN, tells="{discipline}", told=EXAM_WATCHERS),
    *rows(
        OVERSEERS,
        "GET /schedule/periods",
        "GET /schedule/exams/new",
        "POST /schedule/exams/new",
        f"GET {PLAN}/edit",
        f"POST {PLAN}/edit",
        f"GET {PLAN}",
        f"POST {PLAN}/enrol",
        f"POST {PLAN}/students/{{student_id}}/withdraw",
        f"POST {PLAN}/proctors",
        f"POST {PLAN}/proctors/{{proctor_id}}/drop-out",
        f"GET {PLAN}/admission",
        f"POST {PLAN}/admission/statement/take",
        f"POST {PLAN}/admission/students/{{student_id}}/admit",
        "GET /schedule/rules",
        "POST /schedule/rules",
    ),
    row(f"POST {PLAN}/admission/statement", OVERSEERS, files=STATEMENT),
    row("POST /schedule/rooms", OVERSEERS, form={"name": "101", "seats": "20"}),
    row("POST /schedule/rooms/{room_id}", OVERSEERS, form={"name": "102", "seats": "20"}),
    row(
        f"POST {PLAN}/admission/students/{{student_id}}/grant",
        OVERSEERS,
        form={"extra_min": "5", "break_min": "0", "document": "x"},
    ),
    row("POST /schedule/periods", OVERSEERS, form=PERIOD_FORM),
    row("POST /schedule/periods/{period_id}", OVERSEERS, form=PERIOD_FORM),
    row(
        "POST /schedule/periods/{period_id}/approve/{step}",
        OVERSEERS,
        form={"on": "2026-11-20"},
        values={"step": "schedule"},
    ),
    row(
        "GET /api/v1/schedule/exams",
        SIGNED_IN,
        query="?since=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z",
        tells="{exam_id}",
        told=EXAM_WATCHERS,
    ),
    row("POST /api/v1/schedule/exams", OVERSEERS, json=EXAM_BODY),
    row(f"GET {PLANNED}", EXAM_WATCHERS),
    row(f"PUT {PLANNED}", OVERSEERS, json=EXAM_BODY),
    row(f"GET {PLANNED}/enrolments", OVERSEERS),
    row(f"POST {PLANNED}/enrolments", OVERSEERS, json={"logins": ["student2"]}),
    row(f"DELETE {PLANNED}/enrolments/{{student_id}}", OVERSEERS),
    row(f"GET {PLANNED}/proctors", OVERSEERS),
    row(f"POST {PLANNED}/proctors", OVERSEERS, json={"proctor_ids": ["{proctor_id}"]}),
    row(f"POST {PLANNED}/proctors/{{proctor_id}}/drop-out", OVERSEERS, json=REASON),
    *rows(
        OVERSEERS,
        "GET /api/v1/schedule/periods",
        "GET /api/v1/schedule/rooms",
        "GET /api/v1/schedule/disciplines",
        "GET /api/v1/schedule/conflicts",
    ),
    row("POST /api/v1/schedule/periods", OVERSEERS, json=PERIOD_FORM),
    row("PUT /api/v1/schedule/periods/{period_id}", OVERSEERS, json=PERIOD_FORM),
    row(
        "PUT /api/v1/schedule/periods/{period_id}/approvals/{step}",
        OVERSEERS,
        json={"on": "2026-11-20"},
        values={"step": "schedule"},
    ),
    row("POST /api/v1/schedule/rooms", OVERSEERS, json=ROOM),
    row("PUT /api/v1/schedule/rooms/{room_id}", OVERSEERS, json=ROOM),
    *(
        row(
            f"{method} {PLANNED}/statement",
            OVERSEERS,
            content=RATINGS,
            headers=SHEET,
            query="?name=ratings.csv",
            tells="Нұрланова",
            told=OVERSEERS,
        )
        for method in ("POST", "PUT")
    ),
    row(
        f"PUT {PLANNED}/enrolments/{{student_id}}/allowances",
        OVERSEERS,
        json={"extra_min": 5, "document": "x"},
    ),
    row(f"PUT {PLANNED}/enrolments/{{student_id}}/admission", OVERSEERS, json=REASON),
    row(f"DELETE {PLANNED}/enrolments/{{student_id}}/admission", OVERSEERS),
    # --- the test bank: loaded by named teachers, approved by the head, checked by the centre
    row("GET /bank", SIGNED_IN, tells="{discipline_id}", told=BANK),
    row("GET /bank/{discipline_id}", BANK),
    row("POST /bank/{discipline_id}/act", LOADERS, form={"action": "submit", "item": "{item_id}"}),
    row("POST /bank/{discipline_id}/act", HEADS, form={"action": "approve", "item": "{item_id}"}),
    row("POST /bank/{discipline_id}/act", HEADS, form={"action": "return", "remark": "x"}),
    row("POST /bank/{discipline_id}/loaders", HEADS, form={"teacher": "{loader}"}),
    *rows(
        LOADERS,
        "GET /bank/{discipline_id}/new",
        "POST /bank/{discipline_id}/new",
        "GET /bank/items/{item_id}/edit",
        "POST /bank/items/{item_id}/edit",
        "POST /bank/items/{item_id}/pictures",
        "GET /bank/{discipline_id}/import",
        "GET /bank/imports/{import_id}",
        "POST /bank/imports/{import_id}",
        "GET /bank/{discipline_id}/tests/new",
        form={"action": "more"},
    ),
    row("POST /bank/{discipline_id}/import", LOADERS, form={"format": "gift"}),
    row("GET /bank/imports/{import_id}/pictures/{name}", LOADERS),
    row("POST /bank/{discipline_id}/tests/new", LOADERS, form=TEST_FORM),
    row("POST /bank/tests/{test_id}/decide", TESTING, form={"action": "accept"}),
    row("GET /bank/items/{item_id}", DEPARTMENT),
    row("GET /bank/items/{item_id}/pictures/{name}", DEPARTMENT),
    row("GET /bank/{discipline_id}/export", DEPARTMENT, query="?format=gift"),
    row("GET /api/v1/bank/disciplines", SIGNED_IN, tells="{discipline_id}", told=BANK),
    row(f"GET {DISCIPLINE}/items", BANK, tells="{item_id}", told=DEPARTMENT),
    *(
        row(f"POST {DISCIPLINE}/items/{{action}}", may, json=ITEMS, values={"action": action})
        for action, may in (
            ("submit", LOADERS),
            ("withdraw", DEPARTMENT),
            ("approve", HEADS),
            ("return", HEADS),
        )
    ),
    row(f"GET {DISCIPLINE}/loaders", BANK),
    row(f"PUT {DISCIPLINE}/loaders", HEADS, json={"teacher_ids": ["{loader}"]}),
    row(f"GET {DISCIPLINE}/tests", BANK),
    row(f"POST {DISCIPLINE}/tests", LOADERS, json=TEST_BODY),
    row("POST /api/v1/bank/tests/{test_id}/decision", TESTING, json={"accept": True}),
    row(
        f"POST {DISCIPLINE}/imports",
        LOADERS,
        query="?format=gift",
        content=b"What? {=a ~b}",
        headers={"Content-Type": "application/octet-stream"},
    ),
    row("GET /api/v1/bank/imports/{import_id}", LOADERS),
    row("POST /api/v1/bank/imports/{import_id}/take", LOADERS),
    row(f"GET {DISCIPLINE}/export", DEPARTMENT, query="?format=gift"),
)
