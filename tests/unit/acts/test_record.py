import hashlib
import json

from acts.contracts import ExamSpan
from acts.record import act_record


def test_the_record_says_what_the_act_says(make_act):
    act = make_act(2)
    record = json.loads(act_record(act))
    assert record["format"] == "baqylau-act/1"
    assert record["number"] == act.number
    assert record["made_at"] == "2026-11-22T12:30:05+05:00"
    assert record["student"]["full_name"] == "Нұрланұлы Әлихан"
    assert [entry["item"] for entry in record["evidence"]] == ["leaving_seat", "conversation"]
    assert record["gaps"] == [{"cause": "network", "end_ms": 1_212_000, "start_ms": 1_200_000}]


def test_frames_stand_in_it_by_digest(make_act):
    act = make_act(1)
    entry = json.loads(act_record(act))["evidence"][0]
    assert "frame_jpeg" not in entry
    assert entry["frame_sha256"] == hashlib.sha256(act.evidence[0].frame_jpeg).hexdigest()


def test_a_missing_frame_has_no_digest(make_act):
    assert json.loads(act_record(make_act(1, frames=False)))["evidence"][0]["frame_sha256"] is None


def test_equal_documents_give_equal_bytes(make_act):
    assert act_record(make_act(3)) == act_record(make_act(3))


def test_what_earlier_versions_did_not_say_is_left_out(make_act):
    record = json.loads(act_record(make_act(1)))
    assert not {"exam", "recorded_until_ms"} & record.keys()
    assert "lasting" not in record["evidence"][0]


def test_the_record_says_when_the_exam_ran(make_act):
    act = make_act(0, exam=ExamSpan(600_000, 4_200_000, ended=False), recorded_until_ms=4_200_000)
    record = json.loads(act_record(act))
    assert record["exam"] == {"began_ms": 600_000, "ended": False, "until_ms": 4_200_000}
    assert record["recorded_until_ms"] == 4_200_000
