"""Who watches whom, by rule: the least loaded proctor that has room (S-15)."""

from collections.abc import Mapping, Sequence


def distribute(
    sittings: Sequence[str], loads: Mapping[str, int], capacity: int
) -> Mapping[str, str | None]:
    """Sitting → proctor. None where every proctor is full: people decide what to do then.

    ``loads``: how many sittings each proctor has already. Equal loads go by the proctor's id.
    """
    load = dict(loads)
    found: dict[str, str | None] = {}
    for sitting in sittings:
        free = [proctor for proctor, has in load.items() if has < capacity]
        chosen = min(free, key=lambda proctor: (load[proctor], proctor), default=None)
        found[sitting] = chosen
        if chosen is not None:
            load[chosen] += 1
    return found
