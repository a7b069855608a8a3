"""What the record says, in clinical terms. Reading produces facts, rules consume them; neither knows the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import msgspec


class State(StrEnum):
    """What is known of a finding. `unknown` is neither present nor absent: it was not recorded, or not legibly."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """`suspected`: a Condition whose verificationStatus is unconfirmed, provisional or differential, or whose code says
    so.
    """

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"


class Course(StrEnum):
    """Where in its course the recorded thing is.

    `under_care` is an ICD-10-CM "subsequent encounter" (seventh character D and the like); `not_stated` is a
    Condition without clinicalStatus that is too old, or not dated, to be called current.
    """

    CURRENT = "current"
    UNDER_CARE = "under care"
    HISTORY = "history"
    NOT_STATED = "course not stated"


class Side(StrEnum):
    """A side that is not recorded could be either leg."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both sides"
    NOT_STATED = "side not recorded"


OTHER_SIDE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
"""The other leg of each that is one leg."""


class Site(StrEnum):
    """Where on the leg. Of what lies on other parts of the body only pain becomes a fact, of a concept of its own."""

    LOWER_LEG = "calf or lower leg"
    ANKLE = "ankle"
    FOOT = "foot or toes"
    LEG = "leg"
    NOT_STATED = "site not recorded"


UNREAD_MEDICINES = "current medicines without a code that is read (one could be an anticoagulant)"
"""The reason in `Chart.left_out` for medicines of which nothing is known."""


VALUE_AS_TEXT = "value recorded as text, not interpreted"
VALUE_NOT_INTERPRETED = "value not interpreted"
"""The remarks, as they begin, of a fact whose value was recorded but could not be read."""


DATE_NOT_RECORDED = "date not recorded"
DATE_NOT_READ = "date could not be read"
"""The remarks of a fact without a date: none was recorded, or what was is no date of FHIR."""


DRAFT = "draft order"
"""The remark of a fact that a user is about to order: dated by its call, and not on record."""


class Topic(StrEnum):
    """The parts of a chart that are asked for separately, and so can be missing separately."""

    PATIENT = "Patient"
    CONDITIONS = "Conditions"
    OBSERVATIONS = "Observations"
    MEDICATIONS = "MedicationRequests"
    PROCEDURES = "Procedures"


DECIDING = (Topic.CONDITIONS, Topic.OBSERVATIONS)
"""The parts that a level rests on; what the others hold can only change it."""


class Interval(msgspec.Struct, frozen=True):
    """A recorded date or period. A partial date ("2026-11") is the whole span that it could mean.

    `first` and `last` are its earliest and latest moment (aware); `text` is the date in ISO 8601, a time of
    day in the service's own zone with its offset; `timed` says that it was recorded with a time of day.
    """

    first: datetime
    last: datetime
    text: str
    timed: bool = False

    def may_lie_within(self, window: timedelta, as_of: datetime) -> bool:
        """Possibly inside the window: its latest moment is. A day is 24 hours, whatever the clocks of a zone do."""
        return self.last >= as_of.astimezone(UTC) - window


def latest(when: Interval | None) -> float:
    """The latest moment that a date can mean, in seconds since 1970; before all others where there is none."""
    return -math.inf if when is None else when.last.timestamp()


class Quantity(msgspec.Struct, frozen=True):
    """A measured value in the unit its concept is judged in; `text` is the value as recorded, with its unit.

    `comparator` is `<`, `<=`, `>=`, `>` or empty. `high` and `low` are the limits of the Observation's own reference
    range in the same unit. `raised` is the laboratory's own interpretation (True high, False normal or low, None not
    given).
    """

    value: float | None
    unit: str
    text: str
    comparator: str = ""
    high: float | None = None
    raised: bool | None = None
    low: float | None = None


class Fact(msgspec.Struct, frozen=True):
    """One thing that one resource says about the patient.

    `concept` is the name of a value set; `codes` the (system, code) pairs that named it, sorted. `when` is the clinical
    time (effective or onset, else recordedDate, else issued); `began` only effective or onset; `recorded` only
    recordedDate. `source` is `Type/id`. `remarks` says what a reader must know of this fact
    ("status not stated", "preliminary", the dose text of a medicine).
    """

    concept: str
    state: State
    source: str
    codes: tuple[tuple[str, str], ...]
    display: str = ""
    when: Interval | None = None
    began: Interval | None = None
    recorded: Interval | None = None
    side: Side = Side.NOT_STATED
    site: Site = Site.NOT_STATED
    site_matters: bool = False
    certainty: Certainty = Certainty.CONFIRMED
    course: Course = Course.CURRENT
    severe: bool = False
    sudden: bool = False
    corrected: bool = False
    quantity: Quantity | None = None
    encounter: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def is_condition(self) -> bool:
        return self.source.startswith("Condition/")

    @property
    def illegible(self) -> str:
        """Why the value that was recorded could not be read; empty where it could, or where none was recorded."""
        if self.state is not State.UNKNOWN:
            return ""
        return next((each for each in self.remarks if each.startswith((VALUE_AS_TEXT, VALUE_NOT_INTERPRETED))), "")


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """`born` is the span of days the recorded birth date can mean, None when it is not recorded."""

    born: tuple[date, date] | None = None
    deceased: bool = False

    def age(self, today: date) -> tuple[int, int] | None:
        """Least and greatest age, in completed years, that the recorded birth date allows; None if there is none.

        Who was born on 29 February completes a year on 1 March of a common year.
        """
        if self.born is None:
            return None
        return _completed_years(self.born[1], today), _completed_years(self.born[0], today)


def _completed_years(birthday: date, today: date) -> int:
    return today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the chart that was not, or not wholly, read, and why, in words for the card."""

    topic: Topic
    reason: str


class UnreadEntry(msgspec.Struct, frozen=True):
    """A Condition without a code that is read, in the words of the chart, its `Type/id`, and the reason in
    `Chart.left_out` that counts it.

    `when` is the later of onset and recordedDate; `is_current` unless it says that it is over.
    """

    words: str
    source: str
    reason: str
    when: Interval | None = None
    is_current: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """All facts of one patient, and what stayed unread.

    `left_out` counts entries that were passed over, by reason in words for the card, such as "not coded";
    `unread_medicines` are those of the reason of this name, each with its words in the chart, if any, and its
    `Type/id`; `unread_conditions` are those that hold a watch word. `unread_systems` counts entries by the code system
    that nothing here could know; it is empty where that is none, or no URI. `unread_parts`: those systems, of a part of
    the chart of which nothing was read.
    """

    patient: PatientFacts = PatientFacts()
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    unread_medicines: Sequence[tuple[str, str]] = ()
    unread_conditions: Sequence[UnreadEntry] = ()
    unread_systems: Mapping[str, int] = field(default_factory=dict)
    unread_parts: Mapping[Topic, Sequence[str]] = field(default_factory=dict)

    def was_read(self, topic: Topic) -> bool:
        """No gap is known in this part of the chart."""
        return all(gap.topic is not topic for gap in self.gaps)


def with_unread_medicines(chart: Chart, medicines: Sequence[tuple[str, str]]) -> Chart:
    """The chart as if these, which are only drafted yet, were on it; each once."""
    known = set(chart.unread_medicines)
    new = [each for each in dict.fromkeys(medicines) if each not in known]
    if not new:
        return chart
    count = chart.left_out.get(UNREAD_MEDICINES, 0) + len(new)
    return replace(
        chart,
        left_out={**chart.left_out, UNREAD_MEDICINES: count},
        unread_medicines=(*chart.unread_medicines, *new),
    )
