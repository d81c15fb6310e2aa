from datetime import UTC, datetime, timedelta, timezone

import pytest

from acts import values


@pytest.mark.parametrize(
    ("ms", "written"),
    [(0, "00:00:00"), (65_000, "00:01:05"), (3_599_600, "01:00:00"), (36_000_000, "10:00:00")],
)
def test_offsets(ms, written):
    assert values.offset(ms) == written


@pytest.mark.parametrize(
    ("minutes", "written"), [(300, "UTC+5"), (0, "UTC+0"), (-210, "UTC-3:30"), (345, "UTC+5:45")]
)
def test_zones(minutes, written):
    zone = timezone(timedelta(minutes=minutes))
    assert values.zone(datetime(2026, 1, 1, tzinfo=zone)) == written


def test_spans_name_the_recordings_time_and_the_clock(make_act):
    act = make_act(0)
    assert values.span(act, 725_000, 740_000) == "00:12:05 – 00:12:20 (10:12:05 – 10:12:20)"


@pytest.mark.parametrize(
    ("part", "whole", "language", "written"),
    [
        (3599.99, 3600, "kk", "99,9 %"),
        (3600, 3600, "en", "100.0 %"),
        (3700, 3600, "en", "100.0 %"),
        (0, 3600, "ru", "0,0 %"),
        (1, 0, "ru", "—"),
    ],
)
def test_a_share_is_never_rounded_up_to_the_whole(part, whole, language, written):
    assert values.share(part, whole, language) == written


@pytest.mark.parametrize(
    ("numbers", "written"),
    [([], ""), ([3], "3"), ([1, 2], "1, 2"), ([1, 2, 3, 7], "1–3, 7"), ([5, 4, 4, 6], "4–6")],
)
def test_ranges(numbers, written):
    assert values.ranges(numbers) == written


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "\\\\server\\share",
        "/review/1",
        "https://",
        "https://a b",
        "https://[",
        "https://a\nb",
        "",
    ],
)
def test_only_web_addresses_become_links(address):
    assert values.web_link(address) is None


def test_a_web_address_is_kept():
    assert values.web_link("https://e.kz/?a=1&b=2") == "https://e.kz/?a=1&b=2"


def test_a_moment_names_its_zone():
    assert values.moment(datetime(2026, 11, 22, 7, 30, tzinfo=UTC)) == "22.11.2026 07:30:00 (UTC+0)"
