"""What the page tells becomes flags by the same rules, with the server's times."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analysis.contracts import FlagKind, FlagPhase, Severity
from analysis.page import PAGE_KINDS, SILENCE_MS, PageAnalyzer
from analysis.policy import DEFAULT_POLICY

AWAY = {FlagKind.FOCUS_LOST: True}
NOTHING: dict[FlagKind, bool] = {}


class Page:
    """A page that speaks now and then, and a clock that ticks each second between."""

    def __init__(self, policy=DEFAULT_POLICY):
        self.analyzer = PageAnalyzer(policy, "s1")
        self.now_ms = 0
        self.updates = []

    def says(self, states, at_ms):
        self.runs_until(at_ms)
        self.updates += self.analyzer.tell(at_ms, states)
        return self

    def runs_until(self, at_ms):
        while self.now_ms + 1000 < at_ms:
            self.now_ms += 1000
            self.updates += self.analyzer.pass_time(self.now_ms)
        self.now_ms = at_ms
        return self

    def flags(self, phase=FlagPhase.CLOSED):
        return [update.flag for update in self.updates if update.phase is phase]


def test_a_window_left_for_eight_seconds_is_one_flag_of_those_eight_seconds():
    page = Page().says(AWAY, 10_000).says(NOTHING, 18_000).runs_until(40_000)
    (flag,) = page.flags()
    assert flag.kind is FlagKind.FOCUS_LOST
    assert flag.severity is Severity.NOTICE
    assert (flag.start_ms, flag.end_ms) == (10_001, 18_000)
    assert flag.models == ()
    assert flag.thresholds["enter_ms"] == 2000
    assert page.analyzer.calm


def test_it_is_told_within_three_seconds_while_it_lasts():
    page = Page().says(AWAY, 10_000).runs_until(13_100)
    (flag,) = page.flags(FlagPhase.OPENED)
    assert flag.end_ms is None


def test_a_glance_elsewhere_is_no_flag():
    page = Page()
    for at_ms in range(10_000, 100_000, 10_000):
        page.says(AWAY, at_ms).says(NOTHING, at_ms + 1000)
    assert page.runs_until(130_000).updates == []
    assert page.analyzer.calm


def test_a_page_that_repeats_itself_changes_nothing():
    page = Page()
    for at_ms in range(10_000, 71_000, 20_000):
        page.says(AWAY, at_ms)
    (flag,) = page.says(NOTHING, 75_000).runs_until(90_000).flags()
    assert (flag.start_ms, flag.end_ms) == (10_001, 75_000)


def test_a_page_that_falls_silent_claims_nothing_further():
    page = Page().says(AWAY, 10_000).runs_until(10_000 + SILENCE_MS + 5000)
    (flag,) = page.flags()
    assert flag.end_ms <= 10_000 + SILENCE_MS
    assert page.analyzer.calm


def test_an_accommodation_excuses_one_kind_only():
    policy = DEFAULT_POLICY.without(FlagKind.FOCUS_LOST)
    both = {FlagKind.FOCUS_LOST: True, FlagKind.SECOND_SCREEN: True}
    page = Page(policy).says(both, 10_000).runs_until(30_000)
    assert [flag.kind for flag in page.flags(FlagPhase.OPENED)] == [FlagKind.SECOND_SCREEN]


def test_hours_of_it_are_flags_of_ten_minutes_at_most():
    page = Page()
    for at_ms in range(10_000, 1_900_000, 20_000):
        page.says(AWAY, at_ms)
    lengths = [flag.end_ms - flag.start_ms for flag in page.flags()]
    assert len(lengths) == 3
    assert max(lengths) <= 601_000


words = st.lists(
    st.tuples(st.integers(0, 30_000), st.sets(st.sampled_from(PAGE_KINDS))), max_size=20
)


@given(words)
def test_flags_lie_within_what_was_said_and_do_not_overlap(spoken):
    page, at_ms, so_ms = Page(), 1000, dict.fromkeys(PAGE_KINDS, 0)
    said = set()
    for wait_ms, kinds in spoken:
        for kind in said:
            so_ms[kind] += wait_ms
        at_ms += wait_ms
        page.says(dict.fromkeys(kinds, True), at_ms)
        said = kinds
    page.says(NOTHING, at_ms + 1000).runs_until(at_ms + 60_000)
    assert page.analyzer.calm
    for kind in PAGE_KINDS:
        flags = [flag for flag in page.flags() if flag.kind is kind]
        told = sum(flag.end_ms - flag.start_ms for flag in flags)
        # Between two stretches of it there may be short pauses that one flag spans.
        assert told <= so_ms[kind] + 1000 + 5000 * len(spoken)
        for before, after in pairwise(flags):
            assert before.end_ms < after.start_ms
