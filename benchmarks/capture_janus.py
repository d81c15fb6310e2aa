"""Janus as a yardstick: its video room records what publishers send, nothing is decoded.

Only where a ``janus`` binary is installed (Debian: ``apt-get install janus``). It runs with a
configuration of its own on a free loopback port.
"""

import asyncio
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx

_ROOM = 1
_OTHER_PLUGINS = (
    "audiobridge,duktape,echotest,lua,nosip,recordplay,sip,streaming,textroom,videocall,voicemail"
)
_OTHER_TRANSPORTS = "mqtt,nanomsg,pfunix,rabbitmq,websockets"
_START_S = 15.0


def installed() -> bool:
    return shutil.which("janus") is not None


def start(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    """The running server, and the address of its API."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _configure(folder, port)
    process = subprocess.Popen(
        ["janus", "--configs-folder", str(folder), "--debug-level", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    url = f"http://127.0.0.1:{port}/janus"
    give_up = time.monotonic() + _START_S
    while True:
        try:
            httpx.get(f"{url}/info").raise_for_status()
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > give_up:
                process.kill()
                raise RuntimeError("janus did not start") from None
            time.sleep(0.1)
        else:
            return process, url


def _configure(folder: Path, port: int) -> None:
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    (folder / "janus.jcfg").write_text(
        "general: { session_timeout = 0 }\nnat: { }\nmedia: { }\n"
        f'plugins: {{ disable = "{_libraries(_OTHER_PLUGINS)}" }}\n'
        f'transports: {{ disable = "{_libraries(_OTHER_TRANSPORTS)}" }}\n'
    )
    (folder / "janus.transport.http.jcfg").write_text(
        f'general: {{ json = "compact", base_path = "/janus", http = true, port = {port}, '
        'ip = "127.0.0.1", https = false }\nadmin: { admin_http = false }\n'
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text(
        f"room-{_ROOM}: {{ publishers = 200, bitrate = 0, fir_freq = 0, record = true, "
        f'rec_dir = "{recordings}", videocodec = "vp8", audiocodec = "opus" }}\n'
    )


def _libraries(names: str) -> str:
    return ",".join(f"libjanus_{name}.so" for name in names.split(","))


async def answer(http: httpx.AsyncClient, url: str, name: str, offer: str) -> str:
    """Join the room as a publisher that is recorded; the answer's SDP."""
    session = f"{url}/{(await _call(http, url, {'janus': 'create'}))['data']['id']}"
    attach = {"janus": "attach", "plugin": "janus.plugin.videoroom"}
    handle = f"{session}/{(await _call(http, session, attach))['data']['id']}"
    join = {"request": "joinandconfigure", "room": _ROOM, "ptype": "publisher", "display": name}
    message = {"janus": "message", "body": join, "jsep": {"type": "offer", "sdp": offer}}
    await _call(http, handle, message)
    async with asyncio.timeout(15):
        while True:
            event = (await http.get(session, params={"maxev": 1})).json()
            if "jsep" in event:
                return str(event["jsep"]["sdp"])


async def _call(http: httpx.AsyncClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await http.post(url, json=body | {"transaction": secrets.token_hex(6)})
    found: dict[str, Any] = reply.raise_for_status().json()
    if found["janus"] == "error":
        raise RuntimeError(f"janus refused: {found['error']}")
    return found


def recorded(folder: Path) -> int:
    """Bytes on the disk so far: proof that it records."""
    return sum(file.stat().st_size for file in (folder / "recordings").glob("*.mjr"))
