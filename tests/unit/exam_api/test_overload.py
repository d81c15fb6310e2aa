"""Overload: one step at a time, in the fixed order, and back by itself; the clock is ours."""

from hypothesis import given
from hypothesis import strategies as st

from capture.contracts import Relief
from exam_api.services.overload import WORST, Overload, OverloadPolicy, Strain

POLICY = OverloadPolicy()
BUSY, CALM, BETWEEN = Strain(lag_s=0.5), Strain(), Strain(cpu=0.8)
STEP_S = 0.5


class Run:
    """Overload under a virtual clock."""

    def __init__(self) -> None:
        self.overload = Overload()
        self.now = 100.0

    def feel(self, strain: Strain, seconds: float) -> Relief:
        end = self.now + seconds
        while self.now < end:
            self.now += STEP_S
            self.overload.see(self.now, strain)
        return self.overload.relief


def test_the_order_is_the_one_that_was_promised():
    assert [step.name for step in Relief] == [
        "NOTHING",
        "FEWER_FRAMES",
        "KEY_FRAMES_ONLY",
        "NO_LIVE_VIEWS",
        "RECORDING_ONLY",
    ]


def test_steps_are_taken_one_by_one_while_it_stays_too_much():
    run = Run()
    assert run.feel(BUSY, 2.5) is Relief.NOTHING
    assert run.feel(BUSY, 1.5) is Relief.FEWER_FRAMES
    assert run.feel(BUSY, 3) is Relief.KEY_FRAMES_ONLY
    assert run.feel(BUSY, 3) is Relief.NO_LIVE_VIEWS
    assert run.feel(BUSY, 60) is WORST is Relief.RECORDING_ONLY


def test_each_measure_alone_is_enough_and_a_moment_is_not():
    for strain in (Strain(lag_s=0.25), Strain(cpu=0.92), Strain(dropped_per_s=0.5)):
        assert Run().feel(strain, 4) is Relief.FEWER_FRAMES
    run = Run()
    for _ in range(10):
        run.feel(BUSY, 2)
        run.feel(BETWEEN, 1)
    assert run.overload.relief is Relief.NOTHING


def test_it_comes_back_by_itself_one_step_after_the_other():
    run = Run()
    run.feel(BUSY, 7)
    assert run.feel(CALM, 14) is Relief.KEY_FRAMES_ONLY
    assert run.feel(CALM, 2) is Relief.FEWER_FRAMES
    assert run.feel(CALM, 16) is Relief.NOTHING


def test_between_the_thresholds_nothing_changes():
    run = Run()
    run.feel(BUSY, 7)
    assert run.feel(BETWEEN, 600) is Relief.KEY_FRAMES_ONLY


def test_a_step_back_that_was_regretted_is_waited_for_longer():
    run = Run()
    run.feel(BUSY, 4)
    run.feel(CALM, 16)  # back at once …
    run.feel(BUSY, 4)  # … and sorry
    assert run.feel(CALM, 20) is Relief.FEWER_FRAMES
    assert run.feel(CALM, 12) is Relief.NOTHING
    run.feel(CALM, 300)
    run.feel(BUSY, 4)  # long after: no regret
    assert run.feel(CALM, 16) is Relief.NOTHING


strains = st.sampled_from([BUSY, CALM, BETWEEN])


@given(st.lists(st.tuples(strains, st.floats(0.5, 90)), max_size=30))
def test_whatever_comes_no_step_is_skipped_and_calm_ends_it(course):
    run = Run()
    before = run.overload.relief
    for strain, seconds in course:
        end = run.now + seconds
        while run.now < end:
            run.now += STEP_S
            after = run.overload.see(run.now, strain)
            assert abs(after - before) <= 1
            assert after <= before or strain is BUSY
            assert after >= before or strain is CALM
            before = after
    longest = len(Relief) * (POLICY.longest_fall_s + 1)
    assert run.feel(CALM, longest) is Relief.NOTHING
