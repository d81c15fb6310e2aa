"""Errors of the analysis package: a stable ``code``, the HTTP status it maps to, retry or not."""


class AnalysisError(Exception):
    """Root. Messages carry no personal data."""

    code = "analysis_failed"
    status = 500
    retryable = False


class PictureUnreadable(AnalysisError):
    """The frame's array is no I420 picture, or too small to show anything."""

    code = "picture_unreadable"
    status = 422


class PhotoWithoutFace(AnalysisError):
    """The photo shows no face that is large, light and straight enough to compare with."""

    code = "photo_without_face"
    status = 422


class ModelInputUnexpected(AnalysisError):
    """A model file's tensors are not what its decoder knows."""

    code = "model_input_unexpected"


class SightingUnsound(AnalysisError):
    """A detector gave something that is no sighting, or numbers that are none."""

    code = "sighting_unsound"


class SittingAttachedTwice(AnalysisError):
    code = "sitting_attached_twice"
    status = 409
