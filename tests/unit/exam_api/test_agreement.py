"""Cohen's kappa: by hand-reckoned tables, and what holds for any pairs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_api.domain.agreement import cohens_kappa

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def table(both: int, first: int, second: int, neither: int) -> list[tuple[bool, bool]]:
    return (
        [(True, True)] * both
        + [(True, False)] * first
        + [(False, True)] * second
        + [(False, False)] * neither
    )


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [
        ((20, 5, 10, 15), 0.4),  # the textbook's: 0.7 seen, 0.5 by chance
        ((45, 15, 25, 15), 0.1304),
        ((1, 0, 0, 1), 1.0),
        ((0, 1, 1, 0), -1.0),
        ((1, 1, 1, 1), 0.0),
    ],
)
def test_known_tables(counts: tuple[int, int, int, int], kappa: float) -> None:
    assert cohens_kappa(table(*counts)) == pytest.approx(kappa, abs=1e-4)


def test_one_verdict_throughout_says_nothing() -> None:
    assert cohens_kappa([]) is None
    assert cohens_kappa([(True, True)] * 9) is None
    assert cohens_kappa([(True, False)] * 9) == 0


@given(pairs)
def test_it_is_symmetric_and_bounded(given_pairs: list[tuple[bool, bool]]) -> None:
    kappa = cohens_kappa(given_pairs)
    turned = cohens_kappa([(second, first) for first, second in given_pairs])
    assert (kappa is None) == (turned is None)
    if kappa is not None:
        assert kappa == pytest.approx(turned)
        assert -1 <= kappa <= 1
        assert (kappa == 1) == all(first == second for first, second in given_pairs)
