"""What a student's page says of its line, beside the media itself."""

from collections.abc import Sequence

from capture.contracts import ClockOffset, TrackKey
from exam_api.domain.clock_offset import ClockSample, MeasuredOffset, measured
from exam_api.domain.errors import NotInProgress
from exam_api.domain.roles import Actor
from exam_api.services.keeping_ports import Tracks
from exam_api.services.ports import Clock, Units


class StudentLine:
    def __init__(self, units: Units, tracks: Tracks, clock: Clock) -> None:
        self._units = units
        self._tracks = tracks
        self._clock = clock

    def server_ms(self) -> float:
        """The server's clock, milliseconds since 1970."""
        return self._clock.now().timestamp() * 1000

    async def clock_measured(
        self, actor: Actor, sitting_id: str, client_id: str, samples: Sequence[ClockSample]
    ) -> MeasuredOffset:
        """Kept with the camera's recording. InvalidRequest, NotInProgress."""
        found = measured(samples)
        async with self._units.read() as unit:
            sitting = await unit.sittings.get(sitting_id, actor)
        sitting.require_own(actor.id)
        sitting.require_claimed(client_id)
        key = TrackKey(sitting_id)
        if sitting.origin is None or sitting.completed:
            raise NotInProgress
        at_ms = round((self._clock.now() - sitting.origin).total_seconds() * 1000)
        entry = ClockOffset(at_ms, found.offset_ms, found.round_trip_ms, found.samples)
        await self._tracks.note_clock(key, entry)
        return found
