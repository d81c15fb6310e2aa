"""Reports of non-delivery (RFC 3464) as mail servers write them, and anything else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.services.bounces import BounceUnreadable, bounced

NOTICE, PERSON = "01a203f7-719e-7e6c-ab68-6931caeb625d", "01a203e3-d73d-7d71-b93c-a7f360adf004"
WHOLE, HEAD = "message/rfc822", "text/rfc822-headers"


def report(action: str = "failed", returned: str = WHOLE, own_id: str = "") -> bytes:
    """As Postfix writes it."""
    own_id = own_id or f"<{NOTICE}.{PERSON}@university.test>"
    return f"""From: MAILER-DAEMON@mail.test
To: exams@university.test
Message-ID: <20261122160000.1@mail.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.test

Final-Recipient: rfc822; student1@example.edu
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox

--b
Content-Type: {returned}

Message-ID: {own_id}
Subject: test

--b--
""".replace("\n", "\r\n").encode()


@pytest.mark.parametrize("returned", [WHOLE, HEAD])
@pytest.mark.parametrize("action", ["failed", "Failed"])
def test_a_report_names_the_mail_that_came_back(returned: str, action: str) -> None:
    assert bounced(report(action, returned)) == (NOTICE, PERSON)


@pytest.mark.parametrize(
    "content",
    [
        report("delayed"),
        report("delivered"),
        report(own_id="<somebody.elses@example.edu>"),
        report(returned="text/plain"),
        f"Message-ID: <{NOTICE}.{PERSON}@university.test>\r\n\r\nAction: failed".encode(),
        b"",
        b"\xff\x00",
    ],
    ids=["delayed", "delivered", "foreign", "nothing-returned", "own-mail", "empty", "no-mail"],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(BounceUnreadable):
        bounced(content)


@given(st.integers(0, len(report())), st.binary(max_size=60))
def test_a_damaged_report_is_read_or_refused(place: int, noise: bytes) -> None:
    whole = report()
    with suppress(BounceUnreadable):
        found = bounced(whole[:place] + noise + whole[place + len(noise) :])
        assert [len(one) for one in found] == [len(NOTICE), len(PERSON)]
