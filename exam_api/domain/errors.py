"""What can go wrong, for people: stable codes, HTTP statuses, whether trying again may help.

``code`` is also the translation key. Messages carry no personal data.
"""

from collections.abc import Mapping
from types import MappingProxyType


class ExamError(Exception):
    code = "internal"
    status = 500
    retryable = False

    def __init__(
        self, message: str = "", *, code: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message or code or self.code)
        self.retry_after_s = retry_after_s
        if code is not None:
            self.code = code


# --- who is asking ------------------------------------------------------------------------------


class NotLoggedIn(ExamError):
    code = "not_logged_in"
    status = 401


class WrongCredentials(ExamError):
    """Also for unknown and disabled accounts: the answer does not tell which."""

    code = "wrong_credentials"
    status = 401


class TooManyAttempts(ExamError):
    code = "too_many_attempts"
    status = 429
    retryable = True


class Forbidden(ExamError):
    """The object may be seen, but this person may not do that to it."""

    code = "forbidden"
    status = 403


class CrossSiteRefused(ExamError):
    code = "cross_site_refused"
    status = 403


class NotFound(ExamError):
    """Also for what exists but may not be seen by the asking person."""

    code = "not_found"
    status = 404


class PasswordChangeRequired(Forbidden):
    """Logged in by a one-time password: first choose one."""

    code = "password_change_required"


class SessionChoiceRequired(Forbidden):
    """An exam is running in another log-in session: first choose which to keep."""

    code = "session_choice_required"


# --- requests -----------------------------------------------------------------------------------


class InvalidRequest(ExamError):
    code = "invalid_request"
    status = 422


class CursorInvalid(ExamError):
    """The page's cursor was not given out by this list."""

    code = "cursor_invalid"
    status = 422


class TooManyRequests(ExamError):
    """Within the last minute, by this person or from this address."""

    code = "too_many_requests"
    status = 429
    retryable = True


class IdempotencyKeyReused(ExamError):
    """The key was first sent with another request."""

    code = "idempotency_key_reused"
    status = 422


class RequestInProgress(ExamError):
    """The first call with this key is still being served."""

    code = "request_in_progress"
    status = 409
    retryable = True


class ClientIdMissing(ExamError):
    """The call must say which tab it comes from (header ``X-Client-Id``)."""

    code = "client_id_missing"
    status = 400


class PayloadTooLarge(ExamError):
    code = "payload_too_large"
    status = 413


# --- a sitting's rules --------------------------------------------------------------------------


class Conflict(ExamError):
    code = "conflict"
    status = 409


class IllegalTransition(Conflict):
    """A completed sitting never goes back; a step cannot be skipped."""

    code = "illegal_transition"


class OpenElsewhere(Conflict):
    """Another tab or computer holds the sitting; taking over is an explicit act."""

    code = "open_elsewhere"


class TrackNotLive(Conflict):
    """S-10, S-13: the exam also wants the screen or a second camera, and it does not arrive."""

    code = "track_not_live"
    retryable = True


class RecordingNotLive(Conflict):
    """S-10: the test runs only while the proctoring system records."""

    code = "recording_not_live"
    retryable = True


class NotInProgress(Conflict):
    code = "not_in_progress"


class TimeOver(Conflict):
    """T-4.4: after the deadline nothing is accepted."""

    code = "time_over"


class ExamNotOpen(Conflict):
    """Before the window: it may help to wait."""

    code = "exam_not_open"
    retryable = True


class ExamClosed(Conflict):
    code = "exam_closed"


class RatingMissing(Conflict):
    """T-4.1, S-7: no statement of admission ratings names the student."""

    code = "rating_missing"


class RatingTooLow(Conflict):
    """T-4.1."""

    code = "rating_too_low"


class DebtUnpaid(Conflict):
    """T-4.1."""

    code = "debt_unpaid"


class ConsentMissing(Conflict):
    """The student has not agreed to the rules and the recording yet."""

    code = "consent_missing"


class IdentityMissing(Conflict):
    """T-4.3: the exam asks for a face and a document photo first."""

    code = "identity_missing"


class ExamBegun(Conflict):
    """Somebody sits the exam already: its window, rules and enrolment stand."""

    code = "exam_begun"


class SittingOver(Conflict):
    """T-4.11: individual dates open it again, and only for who never came before the camera."""

    code = "sitting_over"


class NameTaken(Conflict):
    code = "name_taken"


class AwaitingAdmission(Conflict):
    """T-4.3: nobody begins before being let in; a proctor may still do so."""

    code = "awaiting_admission"
    retryable = True


class TooLate(Conflict):
    """T-4.10: late, and the policy or the 30 min let nobody in any more."""

    code = "too_late"


class SittingPaused(Conflict):
    """The test stands still: what was sent is taken when it goes on."""

    code = "sitting_paused"
    retryable = True


class BeyondPolicy(Conflict):
    """The exam's policy does not provide it, or what it provides is used up."""

    code = "beyond_policy"


class ExamNotReady(Conflict):
    """The test has fewer questions than the policy asks for (T-4.5)."""

    code = "exam_not_ready"


class FillClosed(Conflict):
    """What a page kept is taken for some hours after the end, and only of what was recorded."""

    code = "fill_closed"


class SittingNotOver(Conflict):
    """A recording is exported when it is complete."""

    code = "sitting_not_over"
    retryable = True


class ExportUnavailable(Conflict):
    """The server has no ffmpeg."""

    code = "export_unavailable"


class ExportFailed(Conflict):
    code = "export_failed"


class ExportNotReady(Conflict):
    """Not asked for, still being made, or not kept any longer."""

    code = "export_not_ready"
    retryable = True


class NothingLacking(Conflict):
    """The recording has no gap where this piece is from."""

    code = "nothing_lacking"


class PieceOffset(Conflict):
    """Parts of a piece come in order: ask where to go on."""

    code = "piece_offset"
    retryable = True


class AlreadyPassed(Conflict):
    """T-5.2: a good grade is not sat again to raise it."""

    code = "already_passed"


class ActOnItsWay(Conflict):
    """A forwarded act rests on its decisions: the member recalls it before they change."""

    code = "act_on_its_way"


class ActUnsettled(Conflict):
    """A revision is being made, or the act lags behind its decisions: what is sent is the newest.

    Trying again later helps.
    """

    code = "act_unsettled"
    retryable = True


class FlagsUndecided(Conflict):
    """A forwarded act rests on its decisions: those that are open are taken before it goes."""

    code = "flags_undecided"


class ActAnswerLate(Conflict):
    """S-19: the day to state agreement or disagreement is over."""

    code = "act_answer_late"


class SecondReviewMissing(Conflict):
    """The blind second reviewer has not looked at the act yet."""

    code = "second_review_missing"


class ActOwnStep(Forbidden):
    """Who made, reviewed or forwarded an act does not decide on it."""

    code = "act_own_step"


class SignaturesFull(Conflict):
    """One person attaches only so many signatures to a revision of a document."""

    code = "signatures_full"


class PaperMissing(Conflict):
    """The document is not final yet: there is nothing to sign."""

    code = "paper_missing"


class AppealLate(Conflict):
    """T-5.4: an appeal is lodged on the day the grade is received."""

    code = "appeal_late"


class AppealExists(Conflict):
    code = "appeal_exists"


class AppealNotPossible(Conflict):
    """There is no grade yet, or the sitting ended by a removal or an act."""

    code = "appeal_not_possible"


class AppealVotesMissing(Conflict):
    """T-5.6: more than half of the commission votes, its chair among them."""

    code = "appeal_votes_missing"


class CommissionMissing(Conflict):
    """No commission has been named by order yet."""

    code = "commission_missing"


class CommissionInvalid(InvalidRequest):
    """An order without a number, or people without the commission's role."""

    code = "commission_invalid"


class ActIncomplete(InvalidRequest):
    """``problems``: what is wrong with an act, field by field, as codes."""

    code = "act_incomplete"

    def __init__(self, problems: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__("; ".join(f"{field}: {code}" for field, code in problems.items()))
        self.problems = problems


class ActOutdated(Conflict):
    """Only the newest revision of an act is corrected."""

    code = "act_outdated"


class StatementEarly(Conflict):
    """Row 10: the statement is made, and grades go to the journal, the day after the exam."""

    code = "statement_early"


class ReasonMissing(InvalidRequest):
    """A step is undone only by a counter-step that says why."""

    code = "reason_missing"


class CheckListUnsound(Conflict):
    """S-17: a row of the list is not answered, or the record says otherwise."""

    code = "check_list_unsound"


class CheckListChanged(Conflict):
    """The list's rows or what is on record changed meanwhile: look again."""

    code = "check_list_changed"


class CheckListWaits(Conflict):
    """An act of the list still waits for its second reviewer."""

    code = "check_list_waits"


class CheckListEmpty(Conflict):
    """The schedule has no sitting for it that is not in a list already."""

    code = "check_list_empty"


# --- storage ------------------------------------------------------------------------------------


class StorageError(ExamError):
    code = "storage_failed"
    status = 503


class StorageBusy(StorageError):
    code = "storage_busy"
    retryable = True


class StorageFull(StorageError):
    """Nothing that was acknowledged is lost; this change was not taken."""

    code = "storage_full"
    status = 507
    retryable = True


class DatabaseUnreadable(StorageError):
    code = "database_unreadable"


class DatabaseNewer(StorageError):
    """A later version of the program made the database: this one must not touch it."""

    code = "database_newer"
