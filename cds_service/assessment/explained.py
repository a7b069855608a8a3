"""What the record explains: signs beside what can be their cause, and what follows from it (docs/triage.md).

One table for every sign. A cause is a confirmed entry. One of a side explains signs of that side, of both and of none;
one without a side explains any. Nothing explains pallor or cyanosis. A sign that is only listed is no complaint, and
opens no card.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from cds_service.assessment.citation import Citation
from cds_service.assessment.concepts import ACHILLES, CAUSES, NERVE, Concept
from cds_service.assessment.d_dimer import readings
from cds_service.assessment.diagnoses import pregnant_or_postpartum
from cds_service.assessment.moments import Spans
from cds_service.assessment.rule import Kind, Rule, numbered, once
from cds_service.assessment.sources import OURS
from cds_service.facts import OTHER_SIDE, Certainty, Fact, Interval, Side, Site, State

if TYPE_CHECKING:
    from cds_service.assessment.record import Record

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_DAY = itemgetter(0)
_BRUISING = (Concept.CONTUSION, Concept.STRAIN, *ACHILLES, Concept.LEG_HAEMATOMA)


class Outcome(StrEnum):
    """What becomes of the sign. One level less than a warning is listed."""

    LISTED = "listed"
    LOWERED = "one level less"


_Facts = Sequence[Fact]
_Explained = Mapping[Fact, Sequence[Fact]]


class Explanation(Rule, frozen=True, eq=False, kw_only=True):
    """One row of the table: its `label` is the sign, and `says` what explains it.

    `signs`: the concepts of the sign; `needs`: those of what explains it. `why`: the reason that a reader is told,
    with `{threshold}` holes. `such`: those of these facts that are such a sign. `of`: of such signs those that are
    explained, each with what explains it.
    """

    kind: Kind = Kind.EXPLANATION
    source: Citation = OURS
    signs: tuple[Concept, ...]
    why: str
    outcome: Outcome = Outcome.LISTED
    such: Callable[[_Facts, Record], _Facts] = lambda signs, _: signs
    of: Callable[[_Facts, Record], _Explained]


class Because(msgspec.Struct, frozen=True):
    """Why a sign does not count as it would: the row of the table, what explains it, and the reason in words."""

    row: Explanation
    causes: _Facts
    why: str


def explained(signs: Iterable[Fact], rows: Iterable[Explanation], record: Record) -> Mapping[Fact, Because]:
    """Of these signs those that the record explains by one of these rows, each with the first row that does.

    Causes are those of the whole patient, also where the record is that of one leg.
    """
    found: dict[Fact, Because] = {}
    left = list(signs)
    for row in rows:
        if left and record.mentions(row.needs) and (such := _such(left, row, record)):
            why = numbered(row.why, record.thresholds)
            found |= {sign: Because(row, causes, why) for sign, causes in row.of(such, record.whole).items()}
            left = [sign for sign in left if sign not in found]
    return found


def _such(facts: _Facts, row: Explanation, record: Record) -> _Facts:
    return row.such([fact for fact in facts if fact.concept in row.signs], record.whole)


def reasons(because: Iterable[Because]) -> str:
    """The reasons, each once."""
    return "; ".join(dict.fromkeys([each.why for each in because]))


def explaining(because: Iterable[Because]) -> _Facts:
    """What explains, each entry once."""
    told = {id(each.causes): each.causes for each in because}  # many signs share what explains them
    return once([fact for causes in told.values() for fact in causes])


def possible_causes(record: Record) -> _Facts:
    """Diseases of the table beside a new sign that they could explain, whether or not they are old and sure enough."""
    return once(
        [
            fact
            for row in BY_DISEASE
            if record.mentions(row.needs) and _such(record.new(*row.signs), row, record)
            for fact in record.any_of(*row.needs)
        ]
    )


def _confirmed(record: Record, *concepts: Concept) -> _Facts:
    return [fact for fact in record.any_of(*concepts) if fact.certainty is Certainty.CONFIRMED]


def _by_side(signs: _Facts, causes: _Facts) -> _Explained:
    """Those that a cause fits by its side: one of one side explains signs of that side, of both and of none. No entry
    explains itself.
    """
    fitting = {side: [fact for fact in causes if fact.side is not OTHER_SIDE.get(side)] for side in Side}
    sources = {side: {fact.source for fact in facts} for side, facts in fitting.items()}
    return {sign: fitting[sign.side] for sign in signs if sources[sign.side] - {sign.source}}


def _known_for(days: str, *concepts: Concept) -> Callable[[_Facts, Record], _Explained]:
    """Explained by a disease that is older than the threshold of this name."""

    def of(signs: _Facts, record: Record) -> _Explained:
        return _by_side(signs, record.older_than(_confirmed(record, *concepts), getattr(record.thresholds, days)))

    return of


def _not_of_one_leg(signs: _Facts, record: Record) -> _Facts:
    return [fact for fact in _but_for_poor_supply(signs, record) if fact.side not in OTHER_SIDE]


def _of_both_legs(signs: _Facts, record: Record) -> _Explained:
    """Of ankle, foot or the whole leg; never of the calf."""
    known = record.older_than(_confirmed(record, Concept.OEDEMA_CAUSE), record.thresholds.explaining_days)
    return _by_side([fact for fact in signs if fact.site in (Site.ANKLE, Site.FOOT, Site.LEG)], known)


def _of_one_leg(signs: _Facts, record: Record) -> _Facts:
    return [fact for fact in _but_for_poor_supply(signs, record) if fact.side in OTHER_SIDE]


def _but_for_poor_supply(signs: _Facts, record: Record) -> _Facts:
    pale = {fact.source for fact in record.present(Concept.PALLOR_CYANOSIS)}
    return [fact for fact in signs if fact.source not in pale]


def _disease_of_that_leg(swellings: _Facts, record: Record) -> _Explained:
    """Not where a postthrombotic syndrome is on record of that leg, or of no side: its swelling may be a new clot."""
    old = record.older_than(_confirmed(record, Concept.LEG_OEDEMA_DISEASE), record.thresholds.explaining_days)
    after_clot = record.present(Concept.POST_THROMBOTIC_SYNDROME)
    explained: dict[Fact, _Facts] = {}
    for side, other in OTHER_SIDE.items():
        causes = [fact for fact in old if fact.side in (side, Side.BOTH)]
        if causes and all(fact.side is other for fact in after_clot):
            explained |= {sign: causes for sign in swellings if sign.side is side}
    return explained


def _bruises(colours: _Facts, record: Record) -> _Facts:
    """Of a bruise and no other colour."""
    bruises = {(fact.source, fact.codes) for fact in record.present(Concept.BRUISE)}
    return [fact for fact in colours if (fact.source, fact.codes) in bruises]


def _of_an_injury(bruises: _Facts, record: Record) -> _Explained:
    injuries = _confirmed(record, *_BRUISING)
    return _by_side(bruises, record.surely_within(injuries, record.thresholds.bruise_explaining_days))


def _of_the_foot(colours: _Facts, record: Record) -> _Facts:
    return [fact for fact in _but_for_poor_supply(colours, record) if fact.site is Site.FOOT]


def _of_gout(colours: _Facts, record: Record) -> _Explained:
    """Gout that is current, or of the last 30 days though it is closed."""
    lately = record.within(record.past(Concept.GOUT), record.thresholds.finding_days)
    dated = [fact for fact in lately if fact.when is not None and fact.certainty is Certainty.CONFIRMED]
    return _by_side(colours, [*_confirmed(record, Concept.GOUT), *dated])


def _unsited(pains: _Facts, _: Record) -> _Facts:
    return [fact for fact in pains if fact.site is Site.NOT_STATED]


def _of_other_pain(pains: _Facts, record: Record) -> _Explained:
    """Pain elsewhere of the same day or encounter, or a generalised pain disorder; not where pain of the leg, or a
    cause of calf pain, was recorded on that day or in that encounter.
    """
    general = _confirmed(record, Concept.GENERALISED_PAIN)
    elsewhere = _SameDay([each for each in _confirmed(record, Concept.PAIN_ELSEWHERE) if not _is_none(each)], record)
    of_the_leg = [fact for fact in record.facts if _is_leg_pain(fact)]
    recorded = [when for fact in of_the_leg for when in {fact.when, fact.recorded or fact.when}]
    days = Spans([(when.first, when.last) if when else (_FIRST, _LAST) for when in recorded])
    encounters = {fact.encounter for fact in of_the_leg} - {""}
    found = {}
    for pain in pains:
        first, last = _whole_days(pain.when, record)
        if pain.encounter not in encounters and not days.hold(last, first):
            found[pain] = elsewhere.beside(pain) or general
    return {pain: causes for pain, causes in found.items() if causes}


def _is_leg_pain(fact: Fact) -> bool:
    if fact.state is not State.PRESENT:
        return False
    if fact.concept in CAUSES:
        return True
    if fact.concept not in (Concept.PAIN, Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY):
        return False
    return fact.site in (Site.LOWER_LEG, Site.LEG) and not _is_none(fact)


def _is_none(pain: Fact) -> bool:
    return pain.quantity is not None and pain.quantity.value == 0


def _both_sided(signs: _Facts, _: Record) -> _Facts:
    return [fact for fact in signs if fact.side is Side.BOTH]


def _neuropathy(signs: _Facts, record: Record) -> _Explained:
    return _by_side(signs, _confirmed(record, Concept.REDUCED_SENSATION))


def _of_the_same_day(concept: Concept) -> Callable[[_Facts, Record], _Explained]:
    def of(signs: _Facts, record: Record) -> _Explained:
        same_day = _SameDay(_confirmed(record, concept), record, by_record=False)
        return {sign: causes for sign in signs if (causes := same_day.beside(sign))}

    return of


class _SameDay:
    """Entries by the day that they surely lie in, and by their encounter. `by_record`: also by the day on which, and
    the encounter in which, they were recorded, whenever they began.
    """

    def __init__(self, facts: Iterable[Fact], record: Record, *, by_record: bool = True) -> None:
        self._record = record
        self._by_day: dict[date, list[Fact]] = {}
        self._by_encounter: dict[str, list[Fact]] = {}
        for fact in facts:
            for day in {_day(fact.when, record), _day(fact.recorded, record) if by_record else None}:
                if day is not None:
                    self._by_day.setdefault(day, []).append(fact)
            if by_record and fact.encounter:
                self._by_encounter.setdefault(fact.encounter, []).append(fact)

    def beside(self, sign: Fact) -> _Facts:
        """Those of the day of the sign, else of its encounter."""
        day = _day(sign.when, self._record)
        return (self._by_day.get(day, ()) if day else ()) or self._by_encounter.get(sign.encounter, ())


def _day(when: Interval | None, record: Record) -> date | None:
    """The day by the clocks of the site in which it surely lies; None where that is not known."""
    if when is None:
        return None
    first, last = (moment.astimezone(record.as_of.tzinfo).date() for moment in (when.first, when.last))
    return first if first == last else None


def _whole_days(when: Interval | None, record: Record) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last that a date can mean; all time where there is none."""
    if when is None:
        return _FIRST, _LAST
    zone = record.as_of.tzinfo
    first, last = (moment.astimezone(zone).date() for moment in (when.first, when.last))
    return datetime.combine(first, time.min, zone), datetime.combine(last, time.max, zone)


def _clot_excluded(signs: _Facts, record: Record) -> _Explained:
    """DVT of that leg refuted, and a D-dimer that is not raised, both on or after the first day of the sign; not in and
    after pregnancy. A D-dimer under an anticoagulant says nothing.
    """
    if pregnant_or_postpartum(record):
        return {}
    results = readings(record)
    normal = [reading.fact for reading in results if reading.is_normal and not reading.treated]
    tested = max([(day, (fact,)) for fact in normal if (day := _day(fact.when, record))], key=_DAY, default=None)
    raised = [reading.fact.when for reading in results if reading.is_raised]
    last_raised = max([when.last if when else _LAST for when in raised], default=_FIRST)
    explained: dict[Fact, _Facts] = {}
    for side in OTHER_SIDE:
        refuted = max(_refutations(side, record), key=_DAY, default=None)
        if tested is None or refuted is None:
            continue
        for sign in signs:
            if sign.side is not side or sign.when is None or last_raised >= _whole_days(sign.when, record)[0]:
                continue
            if sign.when.last.astimezone(record.as_of.tzinfo).date() <= min(tested[0], refuted[0]):
                explained[sign] = (*refuted[1], *tested[1])
    return explained


def _refutations(side: Side, record: Record) -> Iterable[tuple[date, _Facts]]:
    """Refuted DVTs of this leg with their day: that of the newest scan up to the entry's recordedDate, else this date.

    Where it has none, it is that of the newest scan of all. The scan stands beside the entry.
    """
    here = (side, Side.BOTH)
    scans = [fact for fact in record.present(Concept.LEG_VEIN_ULTRASOUND) if fact.side in (*here, Side.NOT_STATED)]
    scanned = sorted([(day, fact) for fact in scans if (day := _day(fact.when, record))], key=_DAY)
    for fact in record.absent(Concept.DVT):
        if fact.side not in here:
            continue
        recorded = _day(fact.recorded, record)
        if fact.recorded is None:
            before = scanned
        else:
            before = scanned[: bisect_right(scanned, recorded, key=_DAY)] if recorded else []
        if before:
            yield before[-1][0], (fact, before[-1][1])
        elif recorded:
            yield recorded, (fact,)


BOTH_LEGS = Explanation(
    id="oedema-of-both-legs",
    label="Swelling or colour of ankle, foot or leg, of both sides or of none recorded",
    says="A disease that causes oedema of both legs (heart failure, kidney disease, lymphoedema, venous insufficiency "
    "and the like), older than {explaining_days} days.",
    why="a cause of oedema older than {explaining_days} days explains it, as it is not of one side: listed",
    signs=(Concept.SWELLING, Concept.SKIN_COLOUR),
    needs=(Concept.OEDEMA_CAUSE,),
    such=_not_of_one_leg,
    of=_of_both_legs,
)
ONE_LEG = Explanation(
    id="oedema-of-one-leg",
    label="Swelling of one leg",
    says="Lymphoedema or chronic venous insufficiency recorded of that leg, older than {explaining_days} days, without "
    "a postthrombotic syndrome of it.",
    why="lymphoedema or venous insufficiency of that leg, older than {explaining_days} days, explains it: listed",
    signs=(Concept.SWELLING,),
    needs=(Concept.LEG_OEDEMA_DISEASE,),
    such=_of_one_leg,
    of=_disease_of_that_leg,
)
BRUISE = Explanation(
    id="bruise",
    label="Bruise",
    says="Contusion, strain, tear or haematoma of that leg within {bruise_explaining_days} days.",
    why="an injury of that leg within {bruise_explaining_days} days explains the bruise: listed",
    signs=(Concept.SKIN_COLOUR,),
    needs=_BRUISING,
    such=_bruises,
    of=_of_an_injury,
)
GOUT = Explanation(
    id="gout",
    label="Colour of the foot or toes",
    says="Gout, current or of the last {finding_days} days.",
    why="gout on record explains it: listed",
    signs=(Concept.SKIN_COLOUR,),
    needs=(Concept.GOUT,),
    such=_of_the_foot,
    of=_of_gout,
)
GAIT = Explanation(
    id="gait",
    label="Problem walking or moving",
    says="A disease of gait of another place (osteoarthritis of hip or knee, Parkinson's disease, hemiparesis, "
    "multiple sclerosis, amputation, hip fracture), older than {explaining_days} days.",
    why="a disease of gait of another place, older than {explaining_days} days, explains it: listed",
    signs=(Concept.WALKING_PROBLEM,),
    needs=(Concept.GAIT_DISEASE,),
    of=_known_for("explaining_days", Concept.GAIT_DISEASE),
)
OTHER_PAIN = Explanation(
    id="other-pain",
    label="Severe pain without a site",
    says="Pain of another part of the body recorded on the same day or in the same encounter, or a generalised chronic "
    "pain disorder such as fibromyalgia; not where pain of the leg or a cause of calf pain was recorded on that day.",
    why="site not recorded, and pain of another part of the body or a generalised pain disorder explains it: listed",
    signs=(Concept.PAIN_SEVERITY, Concept.SEVERE_PAIN, Concept.PAIN),
    needs=(Concept.PAIN_ELSEWHERE, Concept.GENERALISED_PAIN),
    such=_unsited,
    of=_of_other_pain,
)
NERVE_DISEASE = Explanation(
    id="nerve-disease",
    label="Numbness, tingling or weakness of the leg",
    says="A nerve disease of the leg or of the nerves to it, older than {nerve_explaining_days} days.",
    why="a nerve disease of over {nerve_explaining_days} days explains it: listed, does not raise the level",
    signs=NERVE,
    needs=(Concept.NERVE_DISEASE,),
    of=_known_for("nerve_explaining_days", Concept.NERVE_DISEASE),
)
NEUROPATHY = Explanation(
    id="neuropathy",
    label="Numbness or tingling of both feet or legs",
    says="Neuropathy, whatever its age.",
    why="neuropathy explains it, as it is of both sides: listed, does not raise the level",
    signs=(Concept.NUMBNESS_TINGLING,),
    needs=(Concept.REDUCED_SENSATION,),
    such=_both_sided,
    of=_neuropathy,
)
LUNG_DISEASE = Explanation(
    id="lung-disease",
    label="Breathlessness",
    says="COPD, asthma, heart failure, interstitial lung disease or pulmonary hypertension, older than "
    "{explaining_days} days; not beside anything else that points to a clot.",
    why="a disease of lungs or heart older than {explaining_days} days explains it, and nothing else points to a clot: "
    "one level less",
    signs=(Concept.DYSPNOEA,),
    needs=(Concept.LUNG_DISEASE, Concept.HEART_FAILURE),
    outcome=Outcome.LOWERED,
    of=_known_for("explaining_days", Concept.LUNG_DISEASE, Concept.HEART_FAILURE),
)
PANIC = Explanation(
    id="panic",
    label="Breathlessness",
    says="A panic attack of the same day; not beside anything else that points to a clot.",
    why="a panic attack of the same day explains it, and nothing else points to a clot: one level less",
    signs=(Concept.DYSPNOEA,),
    needs=(Concept.PANIC_ATTACK,),
    outcome=Outcome.LOWERED,
    of=_of_the_same_day(Concept.PANIC_ATTACK),
)
FAINT = Explanation(
    id="faint",
    label="Syncope",
    says="Vasovagal syncope coded as such, of the same day; not beside anything else that points to a clot.",
    why="coded as vasovagal on the same day, and nothing else points to a clot: one level less",
    signs=(Concept.SYNCOPE,),
    needs=(Concept.REFLEX_SYNCOPE,),
    outcome=Outcome.LOWERED,
    of=_of_the_same_day(Concept.REFLEX_SYNCOPE),
)
CLOT_EXCLUDED = Explanation(
    id="clot-excluded",
    label="Swelling, colour or sudden pain of one leg",
    says="DVT of that leg refuted, and a D-dimer that is not raised, both on or after the first day of the sign: the "
    "day of the scan, else that of the record. Not in pregnancy and the {postpartum_days} days after it.",
    why="DVT of that leg refuted and a D-dimer not raised since it began: one level less, listed",
    signs=(
        Concept.SWELLING,
        Concept.SKIN_COLOUR,
        Concept.PAIN,
        Concept.SEVERE_PAIN,
        Concept.PAIN_SEVERITY,
        Concept.CRAMP,
    ),
    needs=(Concept.DVT,),
    outcome=Outcome.LOWERED,
    such=_of_one_leg,
    of=_clot_excluded,
)

OF_SWELLING = (BOTH_LEGS, ONE_LEG, CLOT_EXCLUDED)
OF_COLOUR = (BOTH_LEGS, BRUISE, GOUT, CLOT_EXCLUDED)
OF_WALKING = (GAIT,)
OF_SEVERE_PAIN = (OTHER_PAIN,)
OF_SUDDEN_PAIN = (CLOT_EXCLUDED,)
OF_NERVE_SIGNS = (NERVE_DISEASE, NEUROPATHY)
OF_EMBOLISM_SYMPTOMS = (LUNG_DISEASE, PANIC, FAINT)
"""What can explain each sign."""

BY_DISEASE = (BOTH_LEGS, ONE_LEG, GOUT, GAIT, NERVE_DISEASE, NEUROPATHY, LUNG_DISEASE)
TABLE = (
    *(BOTH_LEGS, ONE_LEG, BRUISE, GOUT, GAIT, OTHER_PAIN, NERVE_DISEASE, NEUROPATHY),
    *(LUNG_DISEASE, PANIC, FAINT, CLOT_EXCLUDED),
)
"""Every row."""
