"""Errors of the acts package: a stable ``code``, the HTTP status it maps to, retry or not."""


class ActsError(Exception):
    """Root. Messages carry no personal data; ``code`` is what clients and translations rely on."""

    code = "act_failed"
    status = 500
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.code)


class DocumentInvalid(ActsError):
    """The data cannot make a document (a time without its zone, an empty number)."""

    code = "document_invalid"
    status = 422


class FontMissing(ActsError):
    code = "font_missing"


class SealKeyUnreadable(ActsError):
    """The key file exists but is no key: it is never overwritten, old seals depend on it."""

    code = "seal_key_unreadable"


class SealPasswordWrong(SealKeyUnreadable):
    code = "seal_password_wrong"


class SealKeyUnsuitable(SealKeyUnreadable):
    """The file holds no RSA key with its certificate, or the certificate is not valid today."""

    code = "seal_key_unsuitable"


class SealFailed(ActsError):
    code = "seal_failed"


class TimestampFailed(SealFailed):
    """The timestamp server is configured, but did not answer, or answered something else."""

    code = "timestamp_failed"
    retryable = True


class SignatureUnreadable(ActsError):
    """A person's signature is no CMS with signed data."""

    code = "signature_unreadable"
    status = 422


class SignersCaUnreadable(ActsError):
    """The certificates of the signers' authorities are configured, but are none."""

    code = "signers_ca_unreadable"
