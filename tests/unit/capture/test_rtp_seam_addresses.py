"""Peers on a machine without any network meet on loopback; strangers cannot push them aside."""

import pytest
from aioice import ice

from capture import rtp_seam
from capture.rtp_seam import use_loopback_when_offline


@pytest.mark.parametrize(("found", "wanted"), [([], ["127.0.0.1"]), (["192.0.2.7"], ["192.0.2.7"])])
def test_loopback_is_offered_only_where_there_is_nothing_else(monkeypatch, found, wanted):
    monkeypatch.setattr(ice, "get_host_addresses", lambda use_ipv4, use_ipv6: found)
    use_loopback_when_offline()
    use_loopback_when_offline()
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == wanted
    assert ice.get_host_addresses(use_ipv4=False, use_ipv6=True) == found


STRANGER, PEER = ("203.0.113.9", 9), ("192.0.2.7", 5000)
CONSENT = b"\x00\x01" + bytes(18)


@pytest.fixture
def door(monkeypatch):
    """A minute in which a datagram comes each 0.3 ms, and which of them were looked at."""
    now, read = [100.0], []
    monkeypatch.setattr(rtp_seam.time, "monotonic", lambda: now[0])
    door = rtp_seam._Door(
        lambda data, address: read.append((data, address)), lambda *_: None, lambda: {PEER}
    )

    def minute(sender_of):
        for number in range(200_000):
            now[0] = 100 + number * 0.0003
            for address in sender_of(number):
                door(CONSENT, address)
        return read

    return minute


def test_a_strangers_flood_at_a_known_port_leaves_the_peer_its_consent(door):
    """RFC 7675: a check each 5 s, of which none may be dropped for 30 s."""
    asked = range(3000, 200_000, 16_000)  # late in its second, when the strangers' share is used
    read = door(lambda number: [STRANGER, PEER] if number in asked else [STRANGER])
    assert [address for _, address in read].count(PEER) == len(asked)
    assert [address for _, address in read].count(STRANGER) <= 61 * 300


def test_a_peers_own_flood_is_bounded_too(door):
    assert len(door(lambda _: [PEER])) <= 61 * 300
