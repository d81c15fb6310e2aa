"""Errors of the capture package: a stable ``code``, the HTTP status it maps to, retry or not."""

import errno

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # what a full disk or quota says


class CaptureError(Exception):
    """Root. Messages carry no personal data; ``code`` is what clients and translations rely on."""

    code = "capture_failed"
    status = 500
    retryable = False

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or self.code)
        if code is not None:
            self.code = code


class TokenMissing(CaptureError):
    code = "token_missing"
    status = 401


class TokenInvalid(CaptureError):
    code = "token_invalid"
    status = 401


class TokenExpired(CaptureError):
    code = "token_expired"
    status = 401


class SdpRefused(CaptureError):
    """The offer is no SDP, is too large, or offers nothing that can be recorded."""

    code = "sdp_refused"
    status = 400


class SdpUnsupported(SdpRefused):
    """Understood, but this server cannot serve it (no video, no codec it records, no bundle)."""

    code = "sdp_unsupported"
    status = 422


class CapacityFull(CaptureError):
    """This server takes no more sittings now; the browser waits its turn.

    ``position`` counts from 1 among those who wait; ``retry_after_s``: when to ask again.
    """

    code = "capacity_full"
    status = 503
    retryable = True

    def __init__(
        self, message: str = "", *, position: int | None = None, retry_after_s: int = 5
    ) -> None:
        super().__init__(message)
        self.position = position
        self.retry_after_s = retry_after_s


class PublisherFlooded(CaptureError):
    """It was cut off for sending more than any camera; ``retry_after_s``: when it may come back."""

    code = "publisher_flooded"
    status = 429
    retryable = True

    def __init__(self, message: str = "", *, retry_after_s: int = 10) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotLiveNow(CaptureError):
    """Nothing of this track is arriving: there is nothing to watch."""

    code = "not_live_now"
    status = 409
    retryable = True


class ViewsFull(CaptureError):
    """As many watch live as may."""

    code = "live_views_full"
    status = 503
    retryable = True


class ViewsStopped(CaptureError):
    """Under load live views end first, so that recordings go on."""

    code = "live_views_stopped"
    status = 503
    retryable = True


class ServerRefusedPublisher(CaptureError):
    """A WHIP server did not accept what our own publisher offered."""

    code = "publish_refused"
    status = 502
    retryable = True


class MediaTypeRefused(CaptureError):
    code = "media_type_refused"
    status = 415


class ResourceUnknown(CaptureError):
    code = "resource_unknown"
    status = 404


class NotAVideo(CaptureError):
    """The file cannot be read as video."""

    code = "not_a_video"
    status = 422


class NotASound(CaptureError):
    """The file cannot be read as sound, or holds none."""

    code = "not_a_sound"
    status = 422


class SupplyRefused(CaptureError):
    """What a page supplied is no piece of a recording, or is not the one that was announced."""

    code = "piece_refused"
    status = 422


class SupplyFailed(CaptureError):
    """The server could not read what a page supplied, for a reason of its own: send it again."""

    code = "piece_not_read"
    status = 503
    retryable = True


class SupplyKilled(SupplyFailed):
    """The process that read the piece died. Of the piece, if that happens again and again."""


class NothingRecorded(CaptureError):
    code = "nothing_recorded"
    status = 404


class StillRecorded(CaptureError):
    """The track is published: its record cannot be closed yet."""

    code = "still_recorded"
    status = 409
    retryable = True


class StorageFull(CaptureError):
    code = "disk_full"
    status = 507
    retryable = True


class NoRoomToJoin(StorageFull):
    """A whole recording takes its size once more: what is left stays for what is recorded now."""

    code = "no_room_to_join"


class RecordingKeyUnreadable(CaptureError):
    """The key that signs recordings is no key: nothing is signed with another instead."""

    code = "recording_key_unreadable"
