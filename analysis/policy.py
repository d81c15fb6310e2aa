"""Which rule watches each kind, how grave it is, and which item of form 1 it supports."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from analysis.contracts import FlagKind, Severity
from analysis.rules import Rule, SequentialRule, Timing, WindowRule
from analysis.schedule import Schedule
from analysis.votes import SightLimits

# Form 1 (domain.md): item codes as in the acts. None = a technical flag, or form 3's subject.
FORM1_ITEM: Mapping[FlagKind, str | None] = MappingProxyType(
    {
        FlagKind.ABSENCE: "leaving_seat",
        FlagKind.EXTRA_FACE: "conversation",
        FlagKind.IDENTITY_MISMATCH: None,
        FlagKind.IDENTITY_UNCLEAR: None,
        FlagKind.PHONE: "phone",
        FlagKind.NOTES: "cheat_sheet",
        FlagKind.HEADPHONES: "electronic_means",
        FlagKind.SECOND_SCREEN: "other_screen",
        FlagKind.LOOKING_AWAY: "other_screen",
        FlagKind.SPEECH: "conversation",
        FlagKind.CAMERA_BLOCKED: None,
        FlagKind.FEED_FROZEN: None,
        FlagKind.FEED_LOOPED: None,
        FlagKind.VIRTUAL_CAMERA: None,
        FlagKind.FOCUS_LOST: "other_screen",
        FlagKind.CONNECTION_LOST: None,
        FlagKind.SEAT_CHANGED: "leaving_seat",
        FlagKind.ANALYSIS_LOST: None,
    }
)


# Form 3's subject: the face is not the enrolled one, another face beside it (domain.md).
FORM3_KINDS = frozenset({FlagKind.IDENTITY_MISMATCH, FlagKind.EXTRA_FACE})

# What a second look at the recorded pictures can show again. Identity needs the enrolled photos,
# speech the sound, the rest the student's page or the connection.
SEEN_AGAIN = frozenset(
    {
        FlagKind.ABSENCE,
        FlagKind.EXTRA_FACE,
        FlagKind.PHONE,
        FlagKind.NOTES,
        FlagKind.HEADPHONES,
        FlagKind.SECOND_SCREEN,
        FlagKind.LOOKING_AWAY,
        FlagKind.CAMERA_BLOCKED,
        FlagKind.FEED_FROZEN,
        FlagKind.FEED_LOOPED,
        FlagKind.SEAT_CHANGED,
    }
)


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """``detectors``: whose models stand behind a flag of this kind."""

    rule: Rule
    severity: Severity
    detectors: tuple[str, ...]


# Times in ms of the sitting. A phone: from 0.15 on, of which less counts of what may be a badge
# (reach.py) and of what is usual at this student (usual.py). People without phones, eight minutes
# and more of ten clips with noise, never gave more than 2.9 of the evidence that opens
# (docs/quality.md). ``hold_at``: little more than a second without a hit and it holds no longer.
_KINDS: Mapping[FlagKind, KindPolicy] = MappingProxyType(
    {
        FlagKind.ABSENCE: KindPolicy(  # T-4.8, form 1 "leaving the room"
            WindowRule(Timing(1000, 5000, 20_000, alert_ms=3000), 2000, 0.8, 0.4, min_votes=4),
            Severity.ALERT,
            ("faces", "objects"),
        ),
        FlagKind.EXTRA_FACE: KindPolicy(  # T-4.8, form 1 "conversations"
            WindowRule(Timing(1000, 5000, 30_000, alert_ms=2000), 2000, 0.6, 0.3, min_votes=4),
            Severity.ALERT,
            ("faces",),
        ),
        # Form 3's subject (T-4.3). Compared seldom, every 2 s once a face lies far from the photos:
        # about five comparisons in 8 s, most of which must speak for somebody else.
        FlagKind.IDENTITY_MISMATCH: KindPolicy(
            WindowRule(Timing(8000, 30_000, 60_000, max_gap_ms=60_000), 16_000, 0.5, 0.25),
            Severity.ALERT,
            ("identity",),
        ),
        # That nobody knows who sits there must not stay unsaid (T-4.3). It accuses nobody: the face
        # was too small, too dark or turned away for minutes, or no photo shows one. A vote, one
        # each 20 s by then, is of minutes already.
        FlagKind.IDENTITY_UNCLEAR: KindPolicy(
            WindowRule(Timing(30_000, 60_000, 600_000, max_gap_ms=60_000), 60_000, 0.8, 0.4),
            Severity.TECHNICAL,
            ("identity",),
        ),
        # Form 1 "changing seats". Looked for every 2 s while a face is seen; lasting, since whoever
        # passes behind the student hides the room too.
        FlagKind.SEAT_CHANGED: KindPolicy(
            WindowRule(Timing(20_000, 20_000, 120_000, max_gap_ms=10_000), 30_000, 0.8, 0.4),
            Severity.NOTICE,
            ("feed", "faces"),
        ),
        FlagKind.PHONE: KindPolicy(  # T-4.7, T-4.8
            SequentialRule(
                Timing(1000, 10_000, 30_000, alert_ms=2500),
                hit=0.15,
                p1=0.62,
                p0=0.02,
                rho=0.6,
                open_at=4.6,
                hold_at=4.0,
                cap=5.0,
            ),
            Severity.ALERT,
            ("objects",),
        ),
        # T-4.7 silence, T-4.8 talking aloud. Votes are the share of voice in the last 2 s.
        FlagKind.SPEECH: KindPolicy(
            WindowRule(Timing(3000, 5000, 30_000), 4000, 0.4, 0.2),
            Severity.NOTICE,
            ("speech", "faces"),
        ),
        FlagKind.LOOKING_AWAY: KindPolicy(  # T-4.8; lasting: thinking people look aside too
            WindowRule(Timing(6000, 6000, 30_000), 10_000, 0.7, 0.4, min_votes=5),
            Severity.NOTICE,
            ("faces",),
        ),
        # Books and screens in reach (analysis/reach.py). What a model names so is one from half of
        # its certainty on; most of six seconds must say so, since hands hide sheets at times.
        FlagKind.NOTES: KindPolicy(  # T-4.8, T-4.9; blank paper is allowed (T-4.6)
            WindowRule(Timing(3000, 10_000, 60_000), 6000, 0.8, 0.4),
            Severity.NOTICE,
            ("objects", "faces"),
        ),
        FlagKind.HEADPHONES: KindPolicy(  # T-4.8; slower: they are worn, not shown for a moment
            WindowRule(Timing(8000, 30_000, 120_000), 15_000, 0.8, 0.4, min_votes=6),
            Severity.NOTICE,
            ("objects", "faces"),
        ),
        # The next three are what the student's page tells (analysis/page.py); a second screen may
        # also be seen in the picture.
        FlagKind.FOCUS_LOST: KindPolicy(  # T-4.8: the Internet, messengers, other programs
            WindowRule(Timing(2000, 3000, 30_000), 3000, 0.6, 0.3, min_votes=2),
            Severity.NOTICE,
            (),
        ),
        FlagKind.SECOND_SCREEN: KindPolicy(  # T-4.8: form 1 "another computer's screen"
            WindowRule(Timing(5000, 5000, 60_000), 8000, 0.8, 0.4),
            Severity.NOTICE,
            ("objects", "faces"),
        ),
        FlagKind.VIRTUAL_CAMERA: KindPolicy(
            WindowRule(Timing(5000, 5000, 60_000), 8000, 0.8, 0.4), Severity.TECHNICAL, ()
        ),
        FlagKind.CAMERA_BLOCKED: KindPolicy(
            WindowRule(Timing(3000, 5000, 20_000), 4000, 0.8, 0.4),
            Severity.TECHNICAL,
            ("feed", "faces"),
        ),
        FlagKind.FEED_LOOPED: KindPolicy(  # a vote is about ten seconds already
            WindowRule(Timing(5000, 10_000, 60_000), 8000, 0.8, 0.4), Severity.TECHNICAL, ("feed",)
        ),
        FlagKind.FEED_FROZEN: KindPolicy(
            WindowRule(Timing(5000, 5000, 20_000), 6000, 0.95, 0.5, min_votes=6),
            Severity.TECHNICAL,
            ("feed", "faces"),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class AnalysisPolicy:
    """One exam's. An accommodation is a policy without the kind it excuses.

    ``thumbnail_every_s``: how often the frames that are looked at give a picture to show.
    """

    kinds: Mapping[FlagKind, KindPolicy] = field(default_factory=lambda: _KINDS)
    limits: SightLimits = field(default_factory=SightLimits)
    schedule: Schedule = field(default_factory=Schedule)
    thumbnail_every_s: float = 2.0

    def without(self, *excused: FlagKind) -> "AnalysisPolicy":
        left = {kind: own for kind, own in self.kinds.items() if kind not in excused}
        return replace(self, kinds=MappingProxyType(left))


DEFAULT_POLICY = AnalysisPolicy()
