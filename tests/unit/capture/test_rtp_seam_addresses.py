"""Peers on a machine without any network meet on loopback."""

import pytest
from aioice import ice

from capture.rtp_seam import use_loopback_when_offline


@pytest.mark.parametrize(("found", "wanted"), [([], ["127.0.0.1"]), (["192.0.2.7"], ["192.0.2.7"])])
def test_loopback_is_offered_only_where_there_is_nothing_else(monkeypatch, found, wanted):
    monkeypatch.setattr(ice, "get_host_addresses", lambda use_ipv4, use_ipv6: found)
    use_loopback_when_offline()
    use_loopback_when_offline()
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == wanted
    assert ice.get_host_addresses(use_ipv4=False, use_ipv6=True) == found
