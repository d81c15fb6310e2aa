"""The server as a process: it keeps what it has, ends its streams, and says why it cannot start."""

import asyncio
import socket
import threading

import httpx
import pytest

from exam_api.cli.demo_run import seed
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.settings import Settings
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def test_a_stop_ends_live_streams_and_a_start_keeps_everything(server):
    exam_id = asyncio.run(seed(Settings(data_dir=server.data))).exam_id
    server.start()
    ended = threading.Event()
    connected = threading.Event()

    def listen() -> None:
        with server.client("proctor1", DEMO_PASSWORD) as http:
            path = f"/api/v1/exams/{exam_id}/events"
            with http.stream("GET", path) as answer:
                for _ in answer.iter_lines():
                    connected.set()
        ended.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert connected.wait(PATIENCE_S)
    server.stop()
    assert ended.wait(PATIENCE_S)
    assert "graceful shutdown exceeded" not in server.log(), "no stream had to be cut off"

    assert asyncio.run(seed(Settings(data_dir=server.data))).exam_id == exam_id
    server.start()
    with server.client("student1", DEMO_PASSWORD) as http:
        assert [card["exam"]["id"] for card in http.get("/api/v1/exams").json()] == [exam_id]
    server.stop()
    assert "Traceback" not in server.log()


def test_a_second_server_on_the_same_data_is_refused(server, command):
    server.start()
    refused = command("serve", data_dir=server.data, port=0)
    assert refused.returncode == 1
    assert "another server" in refused.stderr
    assert httpx.get(f"{server.address}/healthz", timeout=PATIENCE_S, trust_env=False).is_success


def test_a_taken_port_is_told_before_anything_is_made(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = command("demo", "--port", port, "--data", tmp_path / "data")
    assert refused.returncode == 1
    assert refused.stderr.strip() == f"baqylau: port {port} is taken; choose another with --port N"
    assert not (tmp_path / "data").exists()


def test_an_unreadable_database_is_told_and_left_as_it_is(command, tmp_path):
    (tmp_path / "app.db").write_bytes(b"this is no database" * 100)
    for arguments in (("demo", "--port", 0, "--data", tmp_path), ("db", "upgrade")):
        refused = command(*arguments, data_dir=tmp_path)
        assert refused.returncode == 1
        assert "the database cannot be read" in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert (tmp_path / "app.db").read_bytes() == b"this is no database" * 100


@pytest.mark.parametrize("verb", ["replay", "analyze"])
def test_what_is_no_video_is_refused_in_one_line(command, tmp_path, verb):
    note = tmp_path / "note.mp4"
    note.write_text("no video")
    out = ("--out", tmp_path / "out") if verb == "replay" else ()
    refusals = {
        note: "cannot be read as video",
        tmp_path / "gone": "no such file",
        tmp_path: "is a folder",
    }
    for source, words in refusals.items():
        refused = command(verb, source, *out)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert refused.stderr.count("\n") == 1


def test_an_output_folder_that_cannot_be_written_is_told_at_once(command, tmp_path):
    (tmp_path / "file").write_text("")
    refused = command("replay", "demo", "--out", tmp_path / "file" / "out")
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr


def test_a_data_folder_that_is_none_is_told(command, tmp_path):
    (tmp_path / "file").write_text("kept")
    refused = command("demo", "--port", 0, "--data", tmp_path / "file")
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr
    assert (tmp_path / "file").read_text() == "kept"


def test_a_wrong_setting_is_named(command, tmp_path):
    refused = command("serve", data_dir=tmp_path, port="many")
    assert refused.returncode == 1
    assert "port" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_seal_that_cannot_be_used_is_told_and_no_other_is_made(command, tmp_path):
    seal = tmp_path / "seal.p12"
    seal.write_text("no key")
    settings = {"data_dir": tmp_path / "data", "seal_pkcs12": seal, "seal_password": "secret-word"}
    refused = command("serve", **settings, port=0)
    assert refused.returncode == 1
    assert "the seal's key file cannot be read" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "data" / "seal.pem").exists()
    shown = command("config", **settings)
    assert "BAQYLAU_SEAL_PASSWORD=*" in shown.stdout
    assert "secret-word" not in shown.stdout + shown.stderr + refused.stderr
