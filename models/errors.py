"""Errors of the models package: a stable ``code``, the HTTP status it maps to, retry or not."""


class ModelError(Exception):
    """Root. ``code`` is what clients and translations rely on."""

    code = "model_failed"
    status = 500
    retryable = False

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or self.code)
        if code is not None:
            self.code = code


class ManifestBroken(ModelError):
    code = "model_manifest_broken"


class ModelUnknown(ModelError):
    """No entry of the manifest has this name or digest."""

    code = "model_unknown"
    status = 404


class ModelAbsent(ModelError):
    """The manifest knows it, but no folder holds its file."""

    code = "model_absent"
    status = 404


class ModelDigestMismatch(ModelError):
    """The file is not the one the manifest names: it is never loaded."""

    code = "model_digest_mismatch"
    status = 422


class ModelSourceUnavailable(ModelError):
    """The source cannot be reached, refuses, or was cut off."""

    code = "model_source_unavailable"
    status = 502
    retryable = True


class ModelTooLarge(ModelError):
    code = "model_too_large"
    status = 422


class ModelStoreFull(ModelError):
    """The folder cannot be written: no space, no right."""

    code = "model_store_failed"
    status = 507
    retryable = True
