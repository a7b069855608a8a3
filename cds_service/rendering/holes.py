"""What the placeholders in the sections of a card say. A paragraph whose placeholder says nothing is left out."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.assessment.ankle_brachial import Band, in_bands
from cds_service.assessment.concepts import ACHILLES, WEAKNESS, Concept
from cds_service.assessment.diagnoses import unknown_medicines
from cds_service.assessment.dvt_pathway import DvtPathway, dvt_pathway
from cds_service.assessment.rule import Effect, Kind
from cds_service.assessment.rules.care import HomeCareStep
from cds_service.assessment.rules.guidance import ONGOING, SEVERE, SUDDEN, WALKING
from cds_service.assessment.work_up import age_adjusted
from cds_service.facts import DECIDING, Certainty, Side, Site, State
from cds_service.rendering.case import Case, Say
from cds_service.rendering.entries import names_of
from cds_service.rendering.words import listing, quoted, side_of

_FEWEST_STEPS = 2
_PAIN = frozenset({Concept.PAIN, Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY})


def anticoagulant(case: Case) -> str:
    """What is known of one."""
    record = case.assessment.record
    if record.anticoagulants():
        return "on an anticoagulant"
    return "anticoagulant not known" if unknown_medicines(record.chart) else "no anticoagulant found"


def unread(case: Case) -> str:
    """Which of the two parts that decide could not be read."""
    gaps = {gap.topic for gap in case.assessment.record.chart.gaps}
    return listing([str(topic) for topic in DECIDING if topic in gaps])


def red_flags_not_asked(case: Case) -> str:
    """The red flags that nobody recorded, in a word each; a score on the card says how severe the pain is."""
    flags = case.assessment.of(Kind.RED_FLAG)
    asked = {Concept(fact.concept) for each in case.assessment.raising for fact in each.evidence}
    known = {SEVERE} if Concept.PAIN_SEVERITY in asked else set()
    unasked = [
        flag.rule.id for flag in flags if flag.state is State.UNKNOWN and not flag.evidence and flag.rule not in known
    ]
    return ", ".join([case.files.shared.red_flags[rule] for rule in unasked])


def _on_anticoagulant(case: Case) -> str:
    """Nothing beside a known DVT."""
    return "on an anticoagulant" if case.assessment.record.anticoagulants() and not _known_dvt(case) else ""


def _known_dvt(case: Case) -> str:
    known = [
        fact
        for fact in case.assessment.complaint
        if fact.concept == Concept.DVT and fact.certainty is Certainty.CONFIRMED
    ]
    if not known:
        return ""
    side = side_of(known)
    place = "" if side is Side.NOT_STATED else f" ({side})"
    medicines = [quoted(fact.display) for fact in case.assessment.record.anticoagulants() if fact.display][:2]
    return f"DVT on record{place}{f', on {listing(medicines)}' if medicines else ''}"


def _dvt_steps(case: Case) -> str:
    """How to tell whether it is DVT, by who the patient is."""
    return case.files.shared.dvt_steps[dvt_pathway(case.assessment)]


def _ng158(case: Case) -> str:
    """The name of the guideline where it is for this patient, so that a paragraph about it is left out elsewhere."""
    return "NICE NG158" if dvt_pathway(case.assessment) is DvtPathway.SCORE else ""


def _age_adjusted(case: Case) -> str:
    """The limit of a raised D-dimer by age, of a leg to which it could apply."""
    raised = [each for each in case.assessment.d_dimers if each.current and each.is_raised]
    return age_adjusted(case.assessment.record, case.assessment.wells, raised)


def _obstetric_team(case: Case) -> str:
    return "the obstetric team" if dvt_pathway(case.assessment) is DvtPathway.PREGNANCY else ""


def _spine(case: Case) -> str:
    """What lets the nerve signs on record come from the spine."""
    known = {Concept.LUMBAR_RADICULOPATHY, Concept.LUMBAR_STENOSIS, Concept.NEUROGENIC_CLAUDICATION}
    return "" if known.isdisjoint(case.assessment.record.current) else "a spinal cause on record"


def _achilles_test(case: Case) -> str:
    """Where calf pain came suddenly, walking is a trouble, and no cause of both is on record."""
    raised = {finding.rule: finding for finding in case.assessment.raising}
    if SUDDEN not in raised or WALKING not in raised:
        return ""
    of_the_calf = any(fact.site is Site.LOWER_LEG for fact in raised[SUDDEN].evidence)
    only_pain = {fact.concept for fact in case.assessment.complaint} <= _PAIN
    return "test the Achilles tendon (calf squeeze)" if of_the_calf and only_pain else ""


def _atrial_fibrillation(case: Case) -> str:
    record = case.assessment.record
    known = record.present(Concept.ATRIAL_FIBRILLATION) or record.past(Concept.ATRIAL_FIBRILLATION)
    return "Atrial fibrillation" if known else ""


def _coded_strain(case: Case) -> str:
    """The code that may stand for an Achilles rupture; nothing where the rupture itself is on record."""
    current = case.assessment.record.current
    rupture, strain = ACHILLES
    return "a coded strain" if strain in current and rupture not in current else ""


def _strain_with_weakness(case: Case) -> str:
    current = case.assessment.record.current
    return "Strain with weakness" if Concept.STRAIN in current and not current.keys().isdisjoint(WEAKNESS) else ""


def listed(case: Case) -> str:
    """What is recorded and counts for nothing here, in a word each; a low ankle-brachial index too."""
    listed = [each for each in case.assessment.listed if each.is_present and each.rule is not ONGOING]
    facts = [fact for each in listed for fact in each.evidence]
    facts += in_bands(case.assessment.indices, Band.ABNORMAL)
    return ", ".join(names_of(facts, case.files.shared.findings)[:2])


def _home_care(case: Case) -> str:
    """The steps that suit, each with what to mind, then those to leave out; nothing where home care may not be spoken
    of, or where most of it does not suit.
    """
    words = case.files.shared.home_care
    suits = [step for step in case.assessment.home_care if not step.withheld]
    if not case.assessment.suits_home_care or len(suits) < _FEWEST_STEPS:
        return ""
    said = [f"{words[step.name].short}{_to_mind(step)}" for step in suits]
    not_yet = [words[step.name].short for step in case.assessment.home_care if step.withheld]
    return "; ".join([", ".join(said), *([f"leave out {', '.join(not_yet)}"] if not_yet else [])])


def _to_mind(step: HomeCareStep) -> str:
    """What this patient has to mind, without the reason."""
    return f" ({'; '.join([words.partition(',')[0] for words in step.mind])})" if step.mind else ""


def _embolism_symptoms(case: Case) -> str:
    """Possible symptoms of embolism that are recorded without raising the level."""
    listed = [each for each in case.assessment.listed if Effect.EMBOLISM in each.rule.effects]
    return listing(names_of([fact for each in listed for fact in each.evidence], case.files.shared.findings)[:2])


def _clot_risk(case: Case) -> str:
    """What leaves DVT open though nothing raises the level: an item of the Wells score; nothing beside a known DVT."""
    items = case.assessment.wells.present if case.assessment.wells is not None else ()
    return items[0].label if items and not _known_dvt(case) else ""


HOLES: Mapping[str, Say] = {
    "anticoagulant": anticoagulant,
    "unread": unread,
    "red_flags": red_flags_not_asked,
    "on_anticoagulant": _on_anticoagulant,
    "known_dvt": _known_dvt,
    "dvt_steps": _dvt_steps,
    "age_adjusted": _age_adjusted,
    "ng158": _ng158,
    "obstetric_team": _obstetric_team,
    "spine": _spine,
    "achilles_test": _achilles_test,
    "atrial_fibrillation": _atrial_fibrillation,
    "coded_strain": _coded_strain,
    "strain_with_weakness": _strain_with_weakness,
    "listed": listed,
    "embolism_symptoms": _embolism_symptoms,
    "clot_risk": _clot_risk,
    "home_care": _home_care,
}
