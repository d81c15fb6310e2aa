"""First signs: shown before a flag opens, gone when it does, and never of what is soon over."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contracts import FlagKind, FlagPhase, FlagUpdate, Hint, ModelRef
from analysis.detectors.contracts import Sighting
from analysis.hints import HINTED, LASTS_MS, hinted
from analysis.models_set import ModelSet
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY
from analysis.rounds import HINTED_AGAIN_MS, Receivers, Rounds, Watched
from analysis.rules import Rule, RuleState, SequentialRule, WindowRule, step
from capture.contracts import Frame

REF = ModelRef("scripted", "1", "0" * 64)
ABSENCE = DEFAULT_POLICY.kinds[FlagKind.ABSENCE].rule
PHONE = DEFAULT_POLICY.kinds[FlagKind.PHONE].rule
CALM: Sequence[float | None] = [0.0] * 10
STEP_MS = 500


def course(rule: Rule, scores: Sequence[float | None]) -> list[tuple[bool, bool]]:
    """After each vote, half a second apart: whether it is hinted, and whether a flag is open."""
    state, seen = RuleState(), []
    for index, score in enumerate(scores):
        state, _ = step(rule, state, index * STEP_MS, score)
        seen.append((hinted(rule, state), state.ongoing is not None))
    return seen


def first(seen: list[bool]) -> int | None:
    return seen.index(True) if True in seen else None


@pytest.mark.parametrize("kind", sorted(HINTED))
def test_a_sign_comes_within_a_second_and_the_flag_after_it(kind: FlagKind) -> None:
    seen = course(DEFAULT_POLICY.kinds[kind].rule, [*CALM, *[1.0] * 12])
    sign, flag = first([one for one, _ in seen]), first([one for _, one in seen])
    assert sign is not None
    assert flag is not None
    assert (sign - len(CALM) + 1) * STEP_MS <= 1000
    assert flag > sign
    assert not any(one for one, is_open in seen if is_open)


@pytest.mark.parametrize("kind", sorted(HINTED))
def test_one_picture_alone_is_no_sign(kind: FlagKind) -> None:
    """Half a second's vote; of a phone even one that is certain."""
    seen = course(DEFAULT_POLICY.kinds[kind].rule, [*CALM, 1.0, *[0.0] * 6])
    assert not any(one for one, _ in seen)


@pytest.mark.parametrize("kind", sorted(HINTED))
def test_a_sign_goes_a_second_after_the_last_vote_for_it(kind: FlagKind) -> None:
    seen = course(DEFAULT_POLICY.kinds[kind].rule, [*CALM, 1.0, 1.0, 1.0, *[0.0] * 8])
    shown = [one for one, _ in seen]
    assert shown[len(CALM) + 2]
    assert not any(shown[len(CALM) + 6 :])
    assert not any(is_open for _, is_open in seen)


def test_a_picture_that_misses_it_does_not_make_it_blink() -> None:
    seen = course(ABSENCE, [*CALM, 1.0, 1.0, None, 1.0])
    assert [one for one, _ in seen[-3:]] == [True, True, True]


@given(st.lists(st.one_of(st.none(), st.floats(0, 0.14)), max_size=60))
def test_without_a_vote_for_it_there_is_no_sign(scores: list[float | None]) -> None:
    for rule in (ABSENCE, PHONE):
        assert isinstance(rule, WindowRule | SequentialRule)
        assert not any(one for one, _ in course(rule, scores))


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=80))
def test_never_beside_its_own_flag(scores: list[float | None]) -> None:
    for rule in (ABSENCE, PHONE):
        assert not any(one and is_open for one, is_open in course(rule, scores))


class Scripted:
    """Sees a face but between the given times, and nobody at all in between."""

    models = (REF,)

    def __init__(self, away: tuple[int, int]) -> None:
        self._away = away

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        gone = self._away[0] <= picture.at_ms < self._away[1]
        return Sighting(measures={"face": 0.0 if gone else 0.99, "person": 0.0 if gone else 0.9})


class Camera:
    rate = 2.0

    def __init__(self, until_ms: int) -> None:
        self.at_ms, self._until_ms = -STEP_MS, until_ms

    def take(self, timeout_s: float) -> Frame | None:
        self.at_ms += STEP_MS
        # Each third time there is no newer picture, and one comes twice.
        again = self.at_ms % (3 * STEP_MS) == 0 and self.at_ms > 0
        at_ms = self.at_ms - STEP_MS if again else self.at_ms
        return (
            Frame("s", at_ms, np.full((96, 64), 90, np.uint8)) if at_ms < self._until_ms else None
        )


Told = list[Hint | FlagUpdate]


def told(away: tuple[int, int], *, refuse: bool = False) -> Told:
    heard: Told = []

    def hear(hint: Hint) -> None:
        heard.append(hint)
        if refuse:
            raise OSError("gone")

    receivers = Receivers(heard.append, on_hint=hear)
    detectors = ModelSet({"faces": lambda: Scripted(away)}, (REF,), {})
    rounds = Rounds(detectors, receivers, clock=lambda: 0.0)
    kinds = {FlagKind.ABSENCE: DEFAULT_POLICY.kinds[FlagKind.ABSENCE]}
    rounds.attach("s", Watched(Camera(30_000), replace(DEFAULT_POLICY, kinds=kinds)))
    for _ in range(70):
        rounds.round()
    rounds.detach("s")
    return heard


def test_it_is_told_when_it_comes_while_it_lasts_and_after_the_flag_that_ends_it() -> None:
    heard = told((10_000, 20_000))
    hints = [one for one in heard if isinstance(one, Hint)]
    assert [one.kinds for one in hints[:-1]] == [{FlagKind.ABSENCE}] * (len(hints) - 1)
    assert hints[-1].kinds == frozenset()
    assert 10_000 + LASTS_MS <= hints[0].at_ms <= 11_000
    apart = np.diff([one.at_ms for one in hints[:-1]])
    assert all(gap >= HINTED_AGAIN_MS for gap in apart)
    order = [one.phase.value if isinstance(one, FlagUpdate) else len(one.kinds) for one in heard]
    assert order.index("opened") < order.index(0)


def test_with_the_sign_comes_the_picture_that_shows_it() -> None:
    shown: list[int] = []
    hints: list[Hint] = []
    receivers = Receivers(lambda _update: None, lambda _s, at_ms, _jpeg: shown.append(at_ms))
    receivers = replace(receivers, on_hint=hints.append)
    away = ModelSet({"faces": lambda: Scripted((10_000, 20_000))}, (REF,), {})
    rounds = Rounds(away, receivers, clock=lambda: 0.0)
    policy = replace(DEFAULT_POLICY, thumbnail_every_s=7.0)
    rounds.attach("s", Watched(Camera(16_000), policy))
    for _ in range(40):
        rounds.round()
    assert hints[0].at_ms in shown
    assert sum(9_000 < at_ms < 13_000 for at_ms in shown) == 1


def test_of_what_is_soon_over_only_the_sign_is_told() -> None:
    heard = told((10_000, 11_500))
    assert [one.kinds for one in heard if isinstance(one, Hint)] == [{FlagKind.ABSENCE}, set()]
    assert not any(isinstance(one, FlagUpdate) for one in heard)


def test_whoever_refuses_a_hint_loses_no_flag() -> None:
    heard = told((10_000, 20_000), refuse=True)
    phases = [one.phase for one in heard if isinstance(one, FlagUpdate)]
    assert (phases[0], phases[-1]) == (FlagPhase.OPENED, FlagPhase.CLOSED)


def test_a_sitting_that_ends_takes_its_sign_with_it() -> None:
    heard = told((28_500, 40_000))
    assert [one.kinds for one in heard if isinstance(one, Hint)] == [{FlagKind.ABSENCE}, set()]
