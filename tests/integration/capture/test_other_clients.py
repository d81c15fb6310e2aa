"""A WHIP client that is neither our page nor aiortc: FFmpeg's."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from capture.chain import verify_folder
from capture.contracts import MediaStarted, PublisherEnded, TrackKind
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.integration
CHILD = Path(__file__).with_name("whip_child.py")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """An ECDSA certificate and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "client.crt", tmp_path / "client.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def test_ffmpeg_publishes_by_whip_and_is_recorded(capture_server, certificate):
    assert "whip" in av.formats_available
    command = [CHILD, capture_server.whip, "s1:camera2", *certificate, "5"]
    child = await asyncio.create_subprocess_exec(sys.executable, *map(str, command))
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
    assert capture_server.seen(MediaStarted)
    assert [event.track for event in capture_server.seen(PublisherEnded)] == [TrackKind.CAMERA2]
    recording = capture_server.service.recording("s1", TrackKind.CAMERA2)
    assert recording.recorded_ms > 1500  # of five seconds: a child held up sends them at once
    assert {s.video_codec for s in recording} == {"h264"}
    assert {s.audio_codec for s in recording} == {"opus"}
    folder = capture_server.root / "s1" / "camera2"
    assert verify_folder(folder, recording.digest) == []
    with av.open(str(await capture_server.service.joined("s1", TrackKind.CAMERA2))) as joined:
        assert sum(1 for _ in joined.decode(video=0)) > 15
