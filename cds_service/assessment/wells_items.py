"""The ten rows of the two-level Wells score for DVT (NICE NG158, Table 1), each a rule: what shows it, what denies it.

Absent is only what the record denies. How a score is made of them: `wells`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from cds_service.assessment.citation import Citation
from cds_service.assessment.concepts import Concept
from cds_service.assessment.diagnoses import cancer_under_care, old_thrombosis, recent_surgery
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Kind, Rule, Seen
from cds_service.assessment.sources import NICE_DVT
from cds_service.code_systems import SNOMED
from cds_service.facts import OTHER_SIDE, Certainty, Fact, Side, Site, State, latest

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _ABSENT = State.PRESENT, State.ABSENT
_BOTH, _NO_SIDE, _CALF, _LEG = Side.BOTH, Side.NOT_STATED, Site.LOWER_LEG, Site.LEG

_ANY_CANCER = (SNOMED, "363346000")
_HISTORY_OF_DVT = (SNOMED, "161508001")


_ONE_DAY = timedelta(days=1)
_ONLY_SUSPECTED = "an entry that is only suspected"
_TO_CONFIRM: Mapping[str, str] = {
    Concept.MALIGNANCY: "cancer treatment within 6 months or palliative care",
    Concept.BEDRIDDEN: "3 days or more in bed",
    Concept.SURGERY: "major surgery under general or regional anaesthesia",
}
"""What Table 1 asks of an item beyond what these concepts say. Until then the item may turn out not to count."""


def _shown(evidence: Sequence[Fact]) -> Seen | None:
    """Present by this; its note is what is to be confirmed, nothing where any of it shows the item without more ado."""
    parts = [
        _ONLY_SUSPECTED if fact.certainty is Certainty.SUSPECTED else _TO_CONFIRM.get(fact.concept, "")
        for fact in evidence
    ]
    note = " or ".join(dict.fromkeys(parts)) if all(parts) else ""
    return Seen(evidence, note=note) if evidence else None


def _denied(evidence: Sequence[Fact]) -> Seen | None:
    return Seen(evidence, _ABSENT) if evidence else None


def _still(facts: Iterable[Fact], leg: Leg) -> list[Fact]:
    """Those of a known day that lies not before the complaint: what was denied before it says nothing of now.

    A denial counts from the day before the earliest fact of the complaint on, within 30 days.
    """
    since = _since(leg)
    return [fact for fact in facts if fact.when is not None and fact.when.first >= since]


def _since(leg: Leg) -> datetime:
    window = leg.windows[leg.thresholds.finding_days]
    begun = [fact.when.first - _ONE_DAY if fact.when else window for fact in leg.complaint]
    return max(window, min(begun, default=window))


def _here(facts: Iterable[Fact], leg: Leg) -> list[Fact]:
    """Those that speak of this leg, of both, or of no side in particular."""
    return [fact for fact in facts if fact.side in (leg.side, _BOTH, _NO_SIDE)]


def _cancer(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Of whichever side, with what makes it an active one, where that is recorded.

    Absent is cancer as such. One kind refuted leaves the others, one in remission may be under treatment.
    """
    if cancer := leg.patient.confirmed(Concept.MALIGNANCY):
        return _shown([*cancer, *cancer_under_care(leg.patient)])
    recorded = [fact for fact in leg.patient.chart.facts if fact.concept == Concept.MALIGNANCY]
    if any(fact.state is _PRESENT for fact in recorded):
        return None
    return _denied(_still([fact for fact in recorded if fact.state is _ABSENT and _ANY_CANCER in fact.codes], leg))


def _paralysed(_: Sequence[Fact], leg: Leg) -> Seen | None:
    return _shown([*leg.confirmed(Concept.PARALYSIS), *leg.within(leg.present(Concept.CAST), leg.thresholds.cast_days)])


def _bedridden_or_surgery(_: Sequence[Fact], leg: Leg) -> Seen | None:
    return _shown([*leg.patient.present(Concept.BEDRIDDEN), *recent_surgery(leg.patient)])


def _whole_leg(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Swelling of the leg or the calf denied: then the entire leg is not swollen. Not where any is recorded as well.

    That there is no pitting does not mean that there is no swelling.
    """
    if leg.new(Concept.SWELLING):
        return None
    pitting = {fact.source for fact in leg.absent(Concept.PITTING_OEDEMA)}
    here = [fact for fact in _here(leg.absent(Concept.SWELLING), leg) if fact.site in (_LEG, _CALF)]
    return _denied(_still([fact for fact in here if fact.source not in pitting], leg))


def _calves(leg: Leg) -> tuple[Fact, Fact, float] | None:
    """The newest circumference of this calf and of the other, and by how many cm this one is larger."""
    newest: dict[Side, Fact] = {}
    measured = [
        fact
        for fact in leg.within(leg.chart.facts, leg.thresholds.finding_days)
        if fact.concept == Concept.CALF_CIRCUMFERENCE and fact.site is _CALF and fact.when and fact.quantity
    ]
    for fact in sorted(measured, key=lambda each: (latest(each.when), each.source)):
        newest[fact.side] = fact
    other = OTHER_SIDE.get(leg.side)
    here, there = newest.get(leg.side), newest.get(other) if other else None
    if here is None or there is None or here.quantity is None or there.quantity is None:
        return None
    if here.quantity.value is None or there.quantity.value is None:
        return None
    # 32.3 - 29.3 is not 3 in binary fractions
    return here, there, round(here.quantity.value - there.quantity.value, 6)


def _larger_calf(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Calf circumferences of both sides on record, this one at least 3 cm larger; absent where both were measured since
    the complaint began, and the difference is smaller.
    """
    calves = _calves(leg)
    if calves is None:
        return None
    if calves[2] >= leg.thresholds.calf_difference_cm:
        return _shown(calves[:2])
    return _denied(calves[:2]) if len(_still(calves[:2], leg)) == 2 else None


def _pitting(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Pitting oedema with this side recorded, and none of the other leg or of both; absent where it is denied of this
    leg, or recorded of both.
    """
    everywhere = [fact for fact in leg.chart.facts if fact.concept == Concept.PITTING_OEDEMA and fact.state is _PRESENT]
    here = [fact for fact in leg.new(Concept.PITTING_OEDEMA) if fact.side is leg.side and leg.side is not _NO_SIDE]
    if here and all(fact.side is leg.side for fact in everywhere):
        return _shown(here)
    sided = [fact for fact in leg.patient.new(Concept.PITTING_OEDEMA) if fact.side is not _NO_SIDE]
    lately = _still(sided, leg)
    here = [fact for fact in lately if fact.side in (leg.side, _BOTH)]
    there = [fact for fact in lately if fact.side in (OTHER_SIDE.get(leg.side), _BOTH)]
    if here and there:
        return _denied(list(dict.fromkeys([*here, *there])))
    if leg.new(Concept.PITTING_OEDEMA):
        return None
    return _denied(_still(_here(leg.absent(Concept.PITTING_OEDEMA), leg), leg))


def _previous_thrombosis(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """A previously documented DVT of either leg: a history code, a closed DVT, or one that is over 90 days old.

    Absent is a history of DVT as such, not of one leg. A refuted DVT is one that is not, and leaves earlier ones.
    """
    patient = leg.patient
    if previous := [*patient.past(Concept.PREVIOUS_DVT, Concept.DVT), *old_thrombosis(patient)]:
        return _shown(previous)
    denied = [fact for fact in patient.absent(Concept.PREVIOUS_DVT) if _HISTORY_OF_DVT in fact.codes]
    return _denied(_still([fact for fact in denied if fact.side in (_BOTH, _NO_SIDE)], leg))


class Item(Rule, frozen=True, eq=False, kw_only=True):
    """One row of the table, worth `weight` points. `needs`: what can show it; `deniable_by`: what can deny it."""

    kind: Kind = Kind.WELLS
    source: Citation = NICE_DVT
    deniable_by: tuple[Concept, ...] = ()
    weight: int = 1


TENDERNESS = "tenderness along the deep veins"
WHOLE_LEG = "swelling of the whole leg"
LARGER_CALF = "calf at least 3 cm larger"
PITTING = "pitting oedema of this leg only"
COLLATERALS = "collateral superficial veins"
ALTERNATIVE = "whether another diagnosis is at least as likely"

_NO_CODE = "No code of a record shows it."

ITEMS = (
    Item(
        id="wells-active-cancer",
        label="active cancer",
        says="Cancer confirmed and current. Where neither treatment within {cancer_treatment_days} days nor palliative "
        "care is recorded, that is to be confirmed.",
        needs=(Concept.MALIGNANCY,),
        deniable_by=(Concept.MALIGNANCY,),
        when=_cancer,
    ),
    Item(
        id="wells-paralysis-paresis-or-plaster-of-the-leg",
        label="paralysis, paresis or plaster of the leg",
        says="Paralysis or paresis confirmed and current, or plaster within {cast_days} days.",
        needs=(Concept.PARALYSIS, Concept.CAST),
        when=_paralysed,
    ),
    Item(
        id="wells-bedridden-or-recent-surgery",
        label="bedridden or recent surgery",
        says="Bedridden, or surgery within {surgery_days} days. Days in bed, and whether it was major and under "
        "anaesthesia, are not read.",
        needs=(Concept.BEDRIDDEN, Concept.SURGERY),
        when=_bedridden_or_surgery,
    ),
    Item(id="wells-tenderness-along-the-deep-veins", label=TENDERNESS, says=_NO_CODE),
    Item(
        id="wells-swelling-of-the-whole-leg",
        label=WHOLE_LEG,
        says="No code of a record shows it; no swelling of the leg, recorded as absent, denies it.",
        deniable_by=(Concept.SWELLING,),
        when=_whole_leg,
    ),
    Item(
        id="wells-calf-at-least-3-cm-larger",
        label=LARGER_CALF,
        says="Newest calf circumferences of both sides within {finding_days} days, this one at least "
        "{calf_difference_cm} cm larger.",
        needs=(Concept.CALF_CIRCUMFERENCE,),
        deniable_by=(Concept.CALF_CIRCUMFERENCE,),
        when=_larger_calf,
    ),
    Item(
        id="wells-pitting-oedema-of-this-leg-only",
        label=PITTING,
        says="New pitting oedema with this side recorded, and none of the other or of both.",
        needs=(Concept.PITTING_OEDEMA,),
        deniable_by=(Concept.PITTING_OEDEMA,),
        when=_pitting,
    ),
    Item(id="wells-collateral-superficial-veins", label=COLLATERALS, says=_NO_CODE),
    Item(
        id="wells-previous-dvt",
        label="previous DVT",
        says="A history of DVT, a closed DVT, or one active for over {thrombosis_days} days, of either leg.",
        needs=(Concept.PREVIOUS_DVT, Concept.DVT),
        deniable_by=(Concept.PREVIOUS_DVT,),
        when=_previous_thrombosis,
    ),
    Item(
        id="wells-whether-another-diagnosis-is-at-least-as-likely",
        label=ALTERNATIVE,
        says="A clinician's judgement, which no code of a record shows. Its two points off are never subtracted for "
        "the level.",
        weight=-2,
    ),
)
"""The table, row by row.

No code shows tenderness, swelling of the whole leg, collateral veins or the likelier diagnosis. Nothing denies
paralysis and plaster, or bed rest and surgery, in one: those two are present or unknown.
"""
NOT_CODED = tuple([item.label for item in ITEMS if not item.needs])
"""The items that no code of a record can show."""
