"""What lets somebody without this sitting's session send or watch: short-lived, one track each.

A proctor watches live (WHEP); a phone becomes the second camera. Both get a token of their own,
kept as a digest, good for one track of one sitting and for its purpose only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import segno

from capture.contracts import TrackKey, TrackKind, WatchGrant
from capture.errors import TokenExpired, TokenInvalid
from capture.ice import IceSettings
from exam_api.domain.errors import NotFound, NotInProgress
from exam_api.domain.ids import digest, new_secret
from exam_api.domain.policy import AccessPolicy
from exam_api.domain.roles import Actor
from exam_api.services.identity import require_consent
from exam_api.services.media_ports import MediaToken, Purpose
from exam_api.services.ports import Clock, Unit, Units
from exam_api.services.sittings import WHIP_URL, ice_servers
from exam_api.services.views import IceServerView, PublishTokenView

WHEP_URL: Final = "/whep"


@dataclass(frozen=True, slots=True)
class WatchTokenView:
    token: str
    whep_url: str
    expires_at: datetime
    ice_servers: tuple[IceServerView, ...]


@dataclass(frozen=True, slots=True)
class PhoneLinkView:
    """``url`` of the page to open on the phone; ``qr``: the same as an SVG picture (data URI)."""

    url: str
    qr: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PhoneView:
    token: str
    expires_at: datetime


class LiveViews:
    """Who may look over an exam may watch its running sittings live."""

    def __init__(self, units: Units, clock: Clock, policy: AccessPolicy, ice: IceSettings) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy
        self._ice = ice

    async def token(self, actor: Actor, sitting_id: str, kind: TrackKind) -> WatchTokenView:
        """NotFound where the actor may not look over it; NotInProgress once it has ended."""
        now = self._clock.now()
        expires_at = now + self._policy.watch_token_life
        async with self._units.write() as unit:
            sitting = await unit.sittings.watched(sitting_id, actor)
            if sitting.completed:
                raise NotInProgress
            made = MediaToken(Purpose.WATCH, TrackKey(sitting_id, kind), actor.id, expires_at)
            token = await _kept(unit, made, now)
        return WatchTokenView(token, WHEP_URL, expires_at, ice_servers(self._ice))

    async def authorize(self, token: str) -> WatchGrant:
        """TokenInvalid, TokenExpired."""
        async with self._units.read() as unit:
            found = await _valid(unit, token, Purpose.WATCH, self._clock.now())
        return WatchGrant(*found.key)


class SecondCamera:
    """The student's phone, led to its page by a QR code on the computer."""

    def __init__(self, units: Units, clock: Clock, policy: AccessPolicy, ice: IceSettings) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy
        self._ice = ice

    async def link(
        self, actor: Actor, sitting_id: str, client_id: str, address: str
    ) -> PhoneLinkView:
        """NotFound where the exam wants no second camera. The link before is good no longer.

        ``address``: where the phone finds this server.
        """
        now = self._clock.now()
        expires_at = now + self._policy.phone_link_life
        key = TrackKey(sitting_id, TrackKind.CAMERA2)
        async with self._units.write() as unit:
            sitting = await unit.sittings.lock_own(sitting_id, actor)
            sitting.require_claimed(client_id)
            exam = await unit.exams.of(sitting)
            if not exam.policy.second_camera:
                raise NotFound
            await require_consent(unit, sitting)
            sitting.published(now, exam)  # raises what the camera's arrival would
            await unit.media_tokens.drop(key, Purpose.PHONE_LINK)
            made = MediaToken(Purpose.PHONE_LINK, key, actor.id, expires_at)
            token = await _kept(unit, made, now)
        url = f"{address}/second-camera/{token}"
        picture = segno.make_qr(url, error="m").svg_data_uri(omitsize=True, light="#fff")
        return PhoneLinkView(url, picture, expires_at)

    async def opened(self, link_token: str) -> PhoneView:
        """The page is open on a phone: from now on that one is the second camera, no other."""
        now = self._clock.now()
        async with self._units.write() as unit:
            link = await _valid(unit, link_token, Purpose.PHONE_LINK, now)
            await _require_running(unit, link.key)
            await unit.media_tokens.drop(link.key, Purpose.PHONE)
            expires_at = now + self._policy.phone_life
            made = MediaToken(Purpose.PHONE, link.key, link.user_id, expires_at)
            token = await _kept(unit, made, now)
        return PhoneView(token, expires_at)

    async def publish_token(self, phone_token: str) -> PublishTokenView:
        """For one connection of the phone. NotInProgress once the sitting has ended."""
        now = self._clock.now()
        token = new_secret()
        expires_at = now + self._policy.publish_token_life
        async with self._units.write() as unit:
            phone = await _valid(unit, phone_token, Purpose.PHONE, now)
            await _require_running(unit, phone.key)
            await unit.sittings.add_token(digest(token), phone.key, expires_at)
        return PublishTokenView(token, WHIP_URL, expires_at, ice_servers(self._ice))


async def _kept(unit: Unit, made: MediaToken, now: datetime) -> str:
    token = new_secret()
    await unit.media_tokens.add(digest(token), made, now)
    return token


async def _valid(unit: Unit, token: str, purpose: Purpose, now: datetime) -> MediaToken:
    found = await unit.media_tokens.find(digest(token), purpose)
    if found is None:
        raise TokenInvalid
    if now >= found.expires_at:
        raise TokenExpired
    return found


async def _require_running(unit: Unit, key: TrackKey) -> None:
    sitting = await unit.sittings.lock(key.sitting_id)
    if sitting is None or sitting.completed:
        raise NotInProgress
