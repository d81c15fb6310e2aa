"""STUN and TURN servers: their addresses, time-limited credentials, and how HTTP names them."""

import base64
import hmac
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_URL = re.compile(
    r"(?:stuns?:[^\s<>?\"]{1,255}|turns?:[^\s<>?\"]{1,255}(?:\?transport=(?:udp|tcp))?)"
)
_LINK = re.compile(r"<([^>]+)>((?:\s*;\s*[a-z-]+=\"[^\"]*\")*)")
_PARAMETER = re.compile(r"([a-z-]+)=\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server; STUN needs no credentials."""

    url: str
    username: str = ""
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class IceSettings:
    """Addresses (RFC 7064, RFC 7065), and the secret shared with the TURN servers.

    With a secret each call makes credentials anew (coturn's ``use-auth-secret``): the name is
    the second at which they end, the password its HMAC-SHA1. The TURN server looks at the time
    whenever an allocation is made or renewed, so they must outlive the longest sitting.
    """

    urls: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    life_s: int = 12 * 3600

    def __post_init__(self) -> None:
        for url in self.urls:
            if not _URL.fullmatch(url):
                raise ValueError(f"{url!r} is no address of a STUN or TURN server")
            if url.startswith("turn") and not self.secret:
                raise ValueError("a TURN server needs the shared secret")

    def servers(self, now_s: float | None = None) -> tuple[IceServer, ...]:
        """As of now. The name tells a TURN server nothing of the person."""
        ends = int(time.time() if now_s is None else now_s) + self.life_s
        username = f"{ends}:{secrets.token_hex(4)}"
        digest = hmac.digest(self.secret.encode(), username.encode(), "sha1")
        credential = base64.b64encode(digest).decode()
        return tuple(
            IceServer(url, username, credential) if url.startswith("turn") else IceServer(url)
            for url in self.urls
        )


def link_headers(servers: tuple[IceServer, ...]) -> Iterator[str]:
    """RFC 9725 §4.6: one ``Link`` header a server."""
    for server in servers:
        link = f'<{server.url}>; rel="ice-server"'
        if server.username:
            link += f'; username="{server.username}"; credential="{server.credential}"'
            link += '; credential-type="password"'
        yield link


def linked_servers(header: str) -> tuple[IceServer, ...]:
    """The servers in a client's received ``Link`` header, several joined by commas or one."""
    found = []
    for url, rest in _LINK.findall(header):
        parameters = dict(_PARAMETER.findall(rest))
        if parameters.get("rel") == "ice-server" and _URL.fullmatch(url):
            named = parameters.get("username", ""), parameters.get("credential", "")
            found.append(IceServer(url, *named))
    return tuple(found)
