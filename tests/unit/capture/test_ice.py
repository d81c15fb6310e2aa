"""TURN credentials as coturn checks them, and servers named in Link headers and back."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.ice import IceServer, IceSettings, link_headers, linked_servers


def test_credentials_end_by_themselves_and_are_the_names_hmac():
    ice = IceSettings(("stun:a.example:3478", "turn:a.example"), "north", life_s=600)
    stun, turn = ice.servers(now_s=1000.9)
    assert stun == IceServer("stun:a.example:3478")
    ends, _, name = turn.username.partition(":")
    assert (ends, bool(name)) == ("1600", True)
    made = hmac.new(b"north", turn.username.encode(), hashlib.sha1).digest()
    assert turn.credential == base64.b64encode(made).decode()


def test_each_answer_has_credentials_of_its_own():
    ice = IceSettings(("turn:a.example",), "north")
    assert ice.servers()[0] != ice.servers()[0]


def test_secrets_are_never_shown():
    ice = IceSettings(("turn:a.example",), "north")
    assert "north" not in repr(ice)
    assert ice.servers()[0].credential not in repr(ice.servers())


@pytest.mark.parametrize(
    "url", ["http://a.example", "turn:", "turn:a b", "turn:a>b", "", "stun:a?x"]
)
def test_what_is_no_ice_server_is_refused(url):
    with pytest.raises(ValueError, match="no address"):
        IceSettings((url,), "north")


def test_turn_without_a_secret_is_refused():
    with pytest.raises(ValueError, match="secret"):
        IceSettings(("turns:a.example:5349",))


@given(st.lists(st.sampled_from(["stun:a", "turn:b?transport=tcp", "turns:[::1]:5349"])))
def test_what_is_linked_can_be_read_back(urls):
    servers = IceSettings(tuple(urls), "north").servers()
    assert linked_servers(", ".join(link_headers(servers))) == servers


@given(st.text(max_size=200))
def test_any_header_is_read_without_harm(header):
    assert all(server.url for server in linked_servers(header))


def test_other_links_are_left_alone():
    assert linked_servers('</next>; rel="next", <stun:a>; rel="ice-server"') == (
        IceServer("stun:a"),
    )
