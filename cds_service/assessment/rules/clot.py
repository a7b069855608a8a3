"""The veins: pulmonary embolism, DVT known or in question, and superficial thrombosis. Their causes: `clot_causes`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cds_service.assessment.concepts import EMBOLISM_SYMPTOMS as SYMPTOMS
from cds_service.assessment.concepts import PASSING_CAUSES, Concept
from cds_service.assessment.d_dimer import raised_in_a_month, raised_lately
from cds_service.assessment.diagnoses import (
    acute_thrombosis,
    clot_can_cause,
    coded_chronic,
    embolism_symptoms,
    is_after_birth,
    old_thrombosis,
    pregnant_or_postpartum,
    unknown_medicines,
)
from cds_service.assessment.explained import OF_EMBOLISM_SYMPTOMS, explained, explaining, reasons
from cds_service.assessment.pain import new_pains
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Effect, Kind, Level, Rule, Seen, Window
from cds_service.assessment.siting import is_of_one_leg
from cds_service.assessment.sources import NICE_DVT, OURS, PE_SYMPTOMS, RCOG, SUPERFICIAL_TREATMENT
from cds_service.assessment.treated import newer_than_a_treated_dvt, treated_thromboses
from cds_service.assessment.wells import WELLS_CONCEPTS
from cds_service.facts import Certainty, Fact, Site

NO_ANTICOAGULANT = "no anticoagulant found"
UNDATED = "not known to be recent"
LONG_COMPLAINT = "the leg complaint neither began nor was recorded surely within {days} days"
ONLY_AN_INJURY = "the leg complaint is only a coded strain, contusion or tendinopathy"
PREGNANT, DELIVERED = "Calf pain in pregnancy", "Calf pain in the weeks after birth"
OF_THE_CALF = "DVT of the calf on record"
ONLY_DVT, ONLY_EMBOLISM, BOTH = "DVT", "PE", "DVT or PE"
"""What to call a known thrombosis, by what of the two is on record."""

_NO_CLOT = (*PASSING_CAUSES, Concept.CLAUDICATION)
_THROMBOSES = (Concept.DVT, Concept.PULMONARY_EMBOLISM)
_LOOKED_FOR = frozenset({Effect.CLOT_IN_QUESTION, Effect.CLOT_NOT_EXCLUDED})
_BY_ULTRASOUND = _LOOKED_FOR | {Effect.TO_ULTRASOUND}
_EMBOLISM = frozenset({Effect.THREAT, Effect.EMBOLISM, Effect.CLOT_NOT_EXCLUDED})


def medicines_note(leg: Leg) -> str:
    """What is known of an anticoagulant where none was found."""
    unknown = unknown_medicines(leg.chart)
    return f"{unknown}: anticoagulant status unknown" if unknown else NO_ANTICOAGULANT


def _embolism(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    suspected = [fact for fact in facts if fact.certainty is Certainty.SUSPECTED]
    confirmed = [fact for fact in facts if fact.certainty is Certainty.CONFIRMED and fact.when is not None]
    if leg.anticoagulants():
        confirmed = []
    if not suspected and not confirmed:
        return None
    return Seen([*suspected, *confirmed], note=medicines_note(leg) if confirmed else "")


def _embolism_symptoms(symptoms: Sequence[Fact], leg: Leg) -> Seen | None:
    """Critical. One level less for each reason against it, as for a date that is not sure; listed for two. Where
    something else points to a clot, no reason counts.
    """
    if points_to_a_clot(leg):
        return Seen(symptoms) if symptoms else None
    if not symptoms or not clot_can_cause(leg.complaint):
        return None
    known = explained(symptoms, OF_EMBOLISM_SYMPTOMS, leg)
    because = known.values()
    days = leg.thresholds.embolism_complaint_days
    plain = [fact for fact in symptoms if fact not in known]
    against = [
        *([] if leg.surely_begun_or_recorded(leg.complaint, days) else [LONG_COMPLAINT.format(days=days)]),
        *([ONLY_AN_INJURY] if all(fact.concept in _NO_CLOT for fact in leg.complaint) else []),
        *([] if plain else [reasons(because)]),
    ]
    if len(against) > 1:
        return Seen(symptoms, beside=explaining(because), why_not_counted="; ".join(against))
    level = Level.WARNING if against else None
    beside = [*(known if plain else ()), *explaining(because)]
    return Seen(plain or symptoms, level=level, beside=beside, note="".join(against))


def points_to_a_clot(leg: Leg) -> Sequence[Fact]:
    """What else does beside a symptom of embolism, of either leg, so that no cause on record lowers the symptom: new
    swelling of one leg whatever explains it, a Wells score of 2 or more, a raised D-dimer of the last 30 days, a DVT
    known or suspected, a thrombosis of a leg vein of unknown depth, pregnancy or the weeks after it.
    """
    patient = leg.patient
    swollen = [fact for fact in patient.new(Concept.SWELLING, Concept.PITTING_OEDEMA) if is_of_one_leg(fact)]
    is_likely = leg.wells is not None and leg.wells.points >= leg.thresholds.wells_likely_points
    return [
        *swollen,
        *(leg.wells.evidence if leg.wells is not None and is_likely else ()),
        *raised_in_a_month(patient),
        *patient.any_of(Concept.DVT, Concept.LEG_VEIN_THROMBOSIS),
        *pregnant_or_postpartum(patient),
    ]


def _dvt(_: Sequence[Fact], leg: Leg) -> Seen | None:
    acute = [] if leg.anticoagulants() else acute_thrombosis(leg)
    if not acute:
        return None
    distal = {fact.source for fact in leg.present(Concept.DISTAL_DVT)}
    label = OF_THE_CALF if distal.issuperset([fact.source for fact in acute]) else ""
    if any(fact.when for fact in acute):
        return Seen(acute, label=label, note=medicines_note(leg))
    return Seen(acute, level=Level.WARNING, label=label, note=f"{UNDATED}; {medicines_note(leg)}")


def _suspected_dvt(_: Sequence[Fact], leg: Leg) -> Seen | None:
    suspected = leg.suspected(Concept.DVT)
    return Seen(suspected) if suspected else None


def _raised_d_dimer(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Not lowered by a date that is not sure: then it is listed once it is past."""
    raised = raised_lately(leg)
    return Seen(raised) if raised else None


def _wells(_: Sequence[Fact], leg: Leg) -> Seen | None:
    if leg.wells is None or leg.wells.points < leg.thresholds.wells_likely_points:
        return None
    return Seen(leg.wells.evidence)


def _pregnancy(state: Sequence[Fact], leg: Leg) -> Seen | None:
    pains = new_pains(leg, Site.LOWER_LEG)
    if not state or not pains:
        return None
    return Seen([*state, *pains], label=DELIVERED if is_after_birth(state) else PREGNANT)


def _treated(_: Sequence[Fact], leg: Leg) -> Seen | None:
    thromboses, treatment = treated_thromboses(leg.patient), leg.anticoagulants()
    embolisms = leg.confirmed(Concept.PULMONARY_EMBOLISM)
    known = [*thromboses, *embolisms]
    if not known or not treatment:
        return None
    complaint = [fact for fact in leg.complaint if fact.concept != Concept.DVT]
    if thromboses:
        newer = [*newer_than_a_treated_dvt(complaint, leg), *leg.signs.facts(), *embolism_symptoms(leg)]
    else:
        ended = _first_end(embolisms)
        newer = [fact for fact in complaint if _may_be_newer(fact, ended)]
    if not newer:
        return None
    return Seen([*newer, *known, *treatment], label=TREATED.label.replace(BOTH, _which(known)))


def _old(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    if leg.anticoagulants():
        return None
    days = leg.thresholds.thrombosis_days
    embolism = [fact for fact in _confirmed(facts) if fact.concept == Concept.PULMONARY_EMBOLISM]
    acute = set(leg.within([fact for fact in embolism if fact.when is not None], days))
    old = [*old_thrombosis(leg), *(fact for fact in embolism if fact not in acute)]
    old = [*leg.within(old, leg.thresholds.old_thrombosis_days)]
    if not old:
        return None
    chronic = coded_chronic(leg)
    coded = "coded as chronic; " if all(fact.source in chronic for fact in old) else ""
    is_over = len(leg.older_than(old, days)) == len(old)
    age = f"over {days} days old" if is_over else "not known to be recent"
    return Seen(old, note=coded + medicines_note(leg), label=f"{_which(old)} active on record, {age}")


def _confirmed(facts: Sequence[Fact]) -> Sequence[Fact]:
    return [fact for fact in facts if fact.certainty is Certainty.CONFIRMED]


def _which(facts: Sequence[Fact]) -> str:
    concepts = {fact.concept for fact in facts}
    if concepts == {Concept.DVT}:
        return ONLY_DVT
    return ONLY_EMBOLISM if concepts == {Concept.PULMONARY_EMBOLISM} else BOTH


def _first_end(known: Sequence[Fact]) -> datetime | None:
    """The latest moment of the one that ended first; None where one of them has no date."""
    ends = [fact.when.last for fact in known if fact.when is not None]
    return min(ends) if len(ends) == len(known) else None


def _may_be_newer(fact: Fact, ended: datetime | None) -> bool:
    return fact.when is None or ended is None or fact.when.first > ended


EMBOLISM = Rule(
    id="pulmonary-embolism",
    kind=Kind.FINDING,
    label="Pulmonary embolism on record",
    source=OURS,
    says="Suspected within {thrombosis_days} days or undated; or confirmed within {thrombosis_days} days, dated, and "
    "no current anticoagulant found. An older suspicion is listed and raises nothing.",
    needs=(Concept.PULMONARY_EMBOLISM,),
    windows=(Window("thrombosis_days"),),
    level=Level.CRITICAL,
    card="pulmonary-embolism",
    effects=_EMBOLISM,
    when=_embolism,
)
EMBOLISM_SYMPTOMS = Rule(
    id="embolism-symptoms",
    kind=Kind.FINDING,
    label="Symptoms that pulmonary embolism can cause",
    source=PE_SYMPTOMS,
    says="Dyspnoea, chest pain, haemoptysis or syncope begun within {embolism_symptom_days} days, beside a leg "
    "complaint that is not of both sides and not only cramp or claudication. One level less for each of: the complaint "
    "neither began nor was recorded within {embolism_complaint_days} days; it is only a coded strain, contusion or "
    "tendinopathy; a disease of lungs or heart, or a faint coded as such, explains it. For two it is listed. None of "
    "these counts where something else points to a clot.",
    needs=SYMPTOMS,
    windows=(Window("embolism_symptom_days"),),
    level=Level.CRITICAL,
    card="pulmonary-embolism",
    effects=_EMBOLISM,
    when=_embolism_symptoms,
)
DVT = Rule(
    id="dvt",
    kind=Kind.FINDING,
    label="DVT on record",
    source=OURS,
    says="Confirmed in the leg, begun within {thrombosis_days} days, not coded as chronic, and no current "
    "anticoagulant found. Without a date a warning.",
    needs=(Concept.DVT,),
    windows=(Window("thrombosis_days"),),
    level=Level.CRITICAL,
    card="dvt",
    effects=frozenset({Effect.UNTREATED_CLOT, Effect.CLOT_NOT_EXCLUDED}),
    when=_dvt,
)
SUSPECTED_DVT = Rule(
    id="suspected-dvt",
    kind=Kind.FINDING,
    label="Suspected DVT on record",
    source=NICE_DVT,
    says="DVT of the leg recorded as unconfirmed, provisional or differential, and current.",
    needs=(Concept.DVT,),
    level=Level.WARNING,
    card="possible-dvt",
    effects=_LOOKED_FOR,
    when=_suspected_dvt,
)
D_DIMER = Rule(
    id="d-dimer",
    kind=Kind.FINDING,
    label="Raised D-dimer",
    source=NICE_DVT,
    says="A D-dimer of the last {laboratory_days} days over its own upper limit, or flagged as high by its laboratory. "
    "No other limit is used.",
    needs=(Concept.D_DIMER,),
    level=Level.WARNING,
    card="possible-dvt",
    effects=_BY_ULTRASOUND,
    when=_raised_d_dimer,
)
WELLS = Rule(
    id="wells",
    kind=Kind.FINDING,
    label="Two-level Wells from the record",
    source=NICE_DVT,
    says="The items that the record shows add up to {wells_likely_points} or more. The 2 points that go off for a "
    "likelier diagnosis are a clinician's judgement and are never subtracted.",
    needs=WELLS_CONCEPTS,
    level=Level.WARNING,
    card="possible-dvt",
    effects=_BY_ULTRASOUND,
    when=_wells,
)
PREGNANCY = Rule(
    id="pregnancy",
    kind=Kind.FINDING,
    label="Calf pain in pregnancy or the weeks after birth",
    source=RCOG,
    says="Pregnant (an entry of the last {pregnancy_days} days) or within {postpartum_days} days after, and new calf "
    "pain that is not coded as cramp.",
    needs=(Concept.PREGNANCY, Concept.POSTPARTUM),
    windows=(Window("pregnancy_days", (Concept.PREGNANCY,)), Window("postpartum_days", (Concept.POSTPARTUM,))),
    level=Level.WARNING,
    card="pregnancy",
    effects=_BY_ULTRASOUND,
    when=_pregnancy,
)
UNKNOWN_DEPTH = Rule(
    id="leg-vein-thrombosis",
    kind=Kind.FINDING,
    label="Leg vein thrombosis, depth not stated",
    source=OURS,
    says="Thrombosis or thrombophlebitis of a leg vein recorded or suspected, and current, of which the code does not "
    "say whether the vein is deep: a possible DVT.",
    needs=(Concept.LEG_VEIN_THROMBOSIS,),
    level=Level.WARNING,
    card="possible-dvt",
    effects=_LOOKED_FOR | {Effect.NO_D_DIMER},
)
SUPERFICIAL = Rule(
    id="superficial-thrombosis",
    kind=Kind.FINDING,
    label="Superficial leg vein thrombosis",
    source=SUPERFICIAL_TREATMENT,
    says="Recorded or suspected, and current, of a vein that the code calls superficial.",
    needs=(Concept.SUPERFICIAL_VEIN_THROMBOSIS,),
    level=Level.WARNING,
    card="superficial-thrombosis",
    effects=_LOOKED_FOR | {Effect.NO_D_DIMER},
)
TREATED = Rule(
    id="treated-thrombosis",
    kind=Kind.FINDING,
    label="Complaint newer than a known DVT or PE on an anticoagulant",
    source=OURS,
    says="A confirmed DVT, a current anticoagulant, and a complaint that began, or may have begun, over "
    "{treated_complaint_days} days after it, or is of the other leg; or a sign of a threatened limb or a symptom of "
    "embolism beside it. Without a DVT a pulmonary embolism, and a leg complaint that began, or may have begun, after "
    "it.",
    needs=_THROMBOSES,
    level=Level.WARNING,
    card="known-dvt",
    effects=_LOOKED_FOR,
    when=_treated,
)
OLD = Rule(
    id="old-thrombosis",
    kind=Kind.FINDING,
    label="DVT or PE active on record, not known to be recent",
    source=OURS,
    says="A confirmed DVT or pulmonary embolism, active for {thrombosis_days} to {old_thrombosis_days} days, coded as "
    "chronic or (embolism) undated, and no current anticoagulant found. Older ones are previous ones.",
    needs=_THROMBOSES,
    level=Level.WARNING,
    card="known-dvt",
    effects=_LOOKED_FOR,
    when=_old,
)

CRITICAL = (EMBOLISM, EMBOLISM_SYMPTOMS, DVT)
WARNING = (SUSPECTED_DVT, UNKNOWN_DEPTH, D_DIMER, WELLS, PREGNANCY, SUPERFICIAL, TREATED, OLD)
