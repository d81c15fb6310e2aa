"""Settings come from BAQYLAU_* and explain themselves."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from exam_api.domain.act_course import ActPolicy
from exam_api.domain.policy import DeadlinePolicy
from exam_api.services.erasures import KEPT_FOR
from exam_api.settings import Settings


def test_every_setting_says_what_it_is():
    for name, field in Settings.model_fields.items():
        assert field.title, name
        assert field.description, name


def test_the_environment_sets_them(monkeypatch):
    monkeypatch.setenv("BAQYLAU_DATA_DIR", "/srv/exams")
    monkeypatch.setenv("BAQYLAU_PORT", "9000")
    settings = Settings()
    assert (settings.recordings_dir, settings.port) == (Path("/srv/exams/recordings"), 9000)
    assert settings.address == "http://127.0.0.1:9000"
    assert settings.database == "sqlite+aiosqlite:////srv/exams/app.db"


@pytest.mark.parametrize(
    "number_format", ["{seq}", "{year}", "{year}-{seq}-{other}", "{year}-{seq", "{}-{}"]
)
def test_an_act_number_without_year_or_sequence_is_refused(number_format):
    with pytest.raises(ValidationError):
        Settings(act_number_format=number_format)


def test_a_number_format_may_have_letters_and_zeros():
    settings = Settings(act_number_format="АКТ {year}/{seq:05d}")
    assert settings.act_number_format.format(year=2026, seq=7) == "АКТ 2026/00007"


def test_a_public_address_has_no_slash_at_its_end():
    assert Settings(public_url="https://exam.example").address == "https://exam.example"
    with pytest.raises(ValidationError):
        Settings(public_url="https://exam.example/")


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValidationError):
        Settings(time_zone="Asia/Nowhere")


def test_the_seals_password_is_never_shown(monkeypatch):
    monkeypatch.setenv("BAQYLAU_SEAL_PKCS12", "/srv/seal.p12")
    monkeypatch.setenv("BAQYLAU_SEAL_PASSWORD", "secret-word")
    settings = Settings()
    assert settings.seal_pkcs12 == Path("/srv/seal.p12")
    assert settings.seal_password.get_secret_value() == "secret-word"
    assert "secret-word" not in repr(settings) + str(settings.seal_password)


def test_ice_servers_are_read_and_their_secret_is_not_shown():
    settings = Settings(ice_servers="stun:a turn:b", turn_secret="north", turn_credential_h=2)
    assert settings.ice.urls == ("stun:a", "turn:b")
    assert settings.ice.life_s == 7200
    assert "north" not in repr(settings) + repr(settings.ice)
    assert settings.server_ice.urls == ()


@pytest.mark.parametrize(
    "servers", [{"ice_servers": "a.example"}, {"server_ice_servers": "turn:b"}]
)
def test_ice_servers_that_cannot_be_used_are_refused(servers):
    with pytest.raises(ValidationError):
        Settings(**servers)


def test_deadlines_of_the_procedures_are_settings():
    """S-5, S-7, S-8, S-12: each number is a default."""
    assert Settings().deadline_policy == DeadlinePolicy()
    assert Settings().photos_kept == KEPT_FOR
    assert Settings().act_policy == ActPolicy()
    given = Settings(
        approvals_days=20,
        approvals_summer_days=10,
        warning_days=5,
        ratings_days=4,
        photos_kept_d=30,
        act_commission_least=4,
    )
    days = [timedelta(days=count) for count in (20, 10, 5, 4)]
    assert given.deadline_policy == DeadlinePolicy(*days)
    assert given.photos_kept == timedelta(days=30)
    assert given.act_policy.commission == 4
