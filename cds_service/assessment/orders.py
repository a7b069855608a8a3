"""What a draft order means beside what the record shows, where there is a leg complaint. Never above a warning.

Each rule: (case) -> findings; the first fact of a finding is the draft.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from cds_service.assessment import home_care
from cds_service.assessment.ankle_brachial import Band, indices, lowest_first, severe
from cds_service.assessment.critical import (
    COMPARTMENT,
    COMPARTMENT_SIGNS,
    CREATINE_KINASE,
    RHABDOMYOLYSIS,
    THROMBOSIS,
)
from cds_service.assessment.diagnoses import pregnant_or_postpartum, unknown_medicines
from cds_service.assessment.leg import Leg, view_of
from cds_service.assessment.limb_threat import PERFUSION, recent_signs
from cds_service.assessment.red_flags import SEVERE
from cds_service.assessment.rules import Finding, Level, Rule, found, once
from cds_service.assessment.sources import AHA_CHOLESTEROL, FDA_NSAID, NICE_DVT, OURS, RABE, RCOG
from cds_service.assessment.triage import Assessment
from cds_service.facts import Fact, Side, State

COMPRESSION_ARTERIAL = Rule(
    "order-compression-arterial",
    "Draft compression beside arterial disease or signs of it",
    RABE,
    "draft-compression-arterial",
)
COMPRESSION = Rule("order-compression", "Draft compression, reason to check first", OURS, "draft-compression")
NSAID_BLEEDING = Rule("order-nsaid-anticoagulant", "Draft NSAID and an anticoagulant", OURS, "draft-nsaid")
NSAID_UNKNOWN = Rule("order-nsaid-unread", "Draft NSAID; anticoagulant not known", OURS, "draft-nsaid-unread")
NSAID_PREGNANCY = Rule("order-nsaid-pregnancy", "Draft NSAID in pregnancy", FDA_NSAID, "draft-nsaid-pregnancy")
D_DIMER_LIKELY = Rule(
    "order-d-dimer-wells", "Draft D-dimer, Wells 2 or more from the record", NICE_DVT, "draft-d-dimer"
)
D_DIMER_PREGNANCY = Rule(
    "order-d-dimer-pregnancy", "Draft D-dimer in or after pregnancy", RCOG, "draft-d-dimer-pregnancy"
)
D_DIMER_TREATED = Rule(
    "order-d-dimer-anticoagulant", "Draft D-dimer under an anticoagulant", NICE_DVT, "draft-d-dimer-anticoagulant"
)
SCANNED = Rule("order-ultrasound-done", "Draft leg vein ultrasound, one done lately", OURS, "draft-ultrasound")
DUPLICATE = Rule("order-duplicate", "More than one of a kind", OURS, "draft-duplicate")
STATIN_CK = Rule("order-statin-ck", "Draft statin and muscle breakdown", OURS, "draft-statin")
STATIN_PAIN = Rule("order-statin-pain", "Draft statin, severe pain on a statin", AHA_CHOLESTEROL, "draft-statin-pain")

_D_DIMER = ("d-dimer", "d-dimer-request")
_KINDS = ("nsaid", "statin", "leg-vein-ultrasound", "compression")
_ARTERIAL = ("arterial-disease", "claudication", "rest-pain", "gangrene", "acute-limb-ischaemia")
_NO_COMPRESSION = {
    COMPARTMENT: home_care.COMPARTMENT,
    COMPARTMENT_SIGNS: home_care.COMPARTMENT,
    THROMBOSIS: home_care.CLOT,
}
"""What makes compression beside it a warning, and the words for why."""
_MOST = 3


@dataclass(frozen=True, slots=True)
class OrderCase:
    """The drafts, the assessment of the chart, and the view of the whole patient.

    `selected`: the sources of the drafts that are asked about; the others are company, such as a draft anticoagulant.
    `off`: the rules that the site has switched off.
    """

    drafts: Sequence[Fact]
    selected: Collection[str]
    assessment: Assessment
    patient: Leg
    off: Collection[Rule] = ()

    def of(self, *concepts: str) -> list[Fact]:
        """The drafts of these concepts."""
        return [fact for fact in self.drafts if fact.concept in concepts]


def order_findings(case: OrderCase) -> list[tuple[Finding, ...]]:
    """For each card its findings, the most urgent first: one card for a kind of draft, one for all those that are only
    doubled, at most three. None where the record holds no leg complaint.
    """
    if not case.assessment.complaint:
        return []
    findings = [
        finding
        for rule in ORDER_RULES
        for finding in rule(case)
        if finding.rule not in case.off and _is_asked(finding, case)
    ]
    of_kinds: dict[str, list[Finding]] = {}
    doubled: list[Fact] = []
    for finding in sorted(findings, key=lambda each: -each.level):
        of_kinds.setdefault(_kind(finding), []).append(finding)
    cards = [tuple(each) for each in of_kinds.values() if any(finding.rule is not DUPLICATE for finding in each)]
    for each in of_kinds.values():
        if all(finding.rule is DUPLICATE for finding in each):
            doubled += each[0].evidence
    cards += [tuple(found(DUPLICATE, Level.INFO, doubled))] if doubled else []
    return sorted(cards, key=lambda each: -each[0].level)[:_MOST]


def compression(case: OrderCase) -> list[Finding]:
    """Compression beside arterial disease, a sign of poor supply or an index below 0.6 of a leg that may be meant; else
    where the home care leaves it out: a warning for compartment syndrome and for a DVT without an anticoagulant.
    """
    drafts = case.of("compression")
    if not drafts:
        return []
    meant = _meant(drafts, case.patient).values()
    poor_supply: list[Fact] = []
    known: dict[Fact, Band] = {}
    for leg in meant:
        poor_supply += [*leg.any_of(*_ARTERIAL), *recent_signs(leg).facts(*PERFUSION)]
        known |= indices(leg)
    if poor_supply or severe(known, case.patient.thresholds):
        evidence = [*drafts, *once([*poor_supply, *known])]
        return found(COMPRESSION_ARTERIAL, Level.WARNING, evidence, _how_severe(known))
    against = [
        reason for step in case.assessment.home_care if step.name == home_care.COMPRESSION for reason in step.withheld
    ]
    threats = [each for each in case.assessment.findings if each.rule in _NO_COMPRESSION and _is_of(each, meant)]
    first = [_NO_COMPRESSION[each.rule].withheld[home_care.COMPRESSION] for each in threats]
    level = Level.WARNING if threats else Level.INFO
    reasons = "; ".join(dict.fromkeys([*first, *against]))
    return found(
        COMPRESSION, level, [*drafts, *(fact for each in threats for fact in each.evidence)] if reasons else [], reasons
    )


def _how_severe(known: Iterable[Fact]) -> str:
    """The lowest ankle-brachial index that says one value."""
    values = [fact.quantity for fact in lowest_first(known) if fact.quantity and not fact.quantity.comparator]
    return f"ankle-brachial index {values[0].value:g}" if values else "how severe is not read"


def _is_of(finding: Finding, legs: Collection[Leg]) -> bool:
    """Is it of one of these legs? An anticoagulant is of none."""
    facts = {fact for leg in legs for fact in leg.facts}
    return any(fact in facts for fact in finding.evidence if fact.concept != "anticoagulant")


def nsaid(case: OrderCase) -> list[Finding]:
    """An NSAID beside an anticoagulant, on record or among the drafts; from 20 weeks of pregnancy on (FDA 2020)."""
    drafts = case.of("nsaid")
    if not drafts:
        return []
    treatment = [*case.patient.anticoagulants(), *case.of("anticoagulant")]
    pregnant = [fact for fact in pregnant_or_postpartum(case.patient) if fact.concept == "pregnancy"]
    findings = found(NSAID_BLEEDING, Level.WARNING, [*drafts, *treatment]) if treatment else []
    if pregnant:
        findings += found(NSAID_PREGNANCY, Level.WARNING, [*drafts, *pregnant], "week of pregnancy not read")
    if not treatment and (unknown := unknown_medicines(case.patient.chart)):
        findings += found(NSAID_UNKNOWN, Level.INFO, drafts, unknown)
    return findings


def d_dimer(case: OrderCase) -> list[Finding]:
    """A D-dimer where another step is named first: in or after pregnancy, with Wells 2 or more, or under treatment."""
    drafts = case.of(*_D_DIMER)
    if not drafts:
        return []
    if pregnancy := pregnant_or_postpartum(case.patient):
        return found(D_DIMER_PREGNANCY, Level.WARNING, [*drafts, *pregnancy])
    score = case.assessment.wells
    if score is not None and score.points >= case.patient.thresholds.wells_likely_points:
        return found(D_DIMER_LIKELY, Level.WARNING, [*drafts, *score.evidence])
    treatment = case.patient.anticoagulants()
    return found(D_DIMER_TREATED, Level.INFO, [*drafts, *treatment]) if treatment else []


def ultrasound(case: OrderCase) -> list[Finding]:
    """Ultrasound of the leg veins, although one of a leg that may be meant was done in the last days. All drafts for one
    side are one finding.
    """
    drafts = [draft for draft in case.of("leg-vein-ultrasound") if draft.source in case.selected]
    findings: list[Finding] = []
    for side, leg in _meant(drafts, case.patient).items():
        done = leg.surely_within(leg.present("leg-vein-ultrasound"), leg.thresholds.ultrasound_days)
        same = [draft for draft in drafts if draft.side is side]
        findings += found(SCANNED, Level.INFO, [*same, *done] if done else [])
    return findings


def duplicates(case: OrderCase) -> list[Finding]:
    """Two drafts of one kind for one side, or a medicine of the kind that is already current."""
    findings: list[Finding] = []
    stored = {draft.source for draft in case.drafts}
    for kind in (*_KINDS, *_D_DIMER[1:]):
        drafts = case.of(*_D_DIMER) if kind in _D_DIMER else case.of(kind)
        current = case.patient.present(kind) if kind in ("nsaid", "statin") else ()
        current = [fact for fact in current if fact.source not in stored]  # an EHR may hold the draft already
        of_side: dict[Side, set[str]] = {}  # orders for two named sides are two
        for fact in drafts:
            of_side.setdefault(fact.side, set()).add(fact.source)
        same = [fact for fact in drafts if len(of_side[fact.side]) > 1 or current]
        findings += found(DUPLICATE, Level.INFO, [*same, *current]) if same else []
    return findings


def statin(case: OrderCase) -> list[Finding]:
    """A statin beside rhabdomyolysis or a high creatine kinase; or for one who takes a statin already and has severe
    pain, without a creatine kinase of the last 7 days.
    """
    drafts = case.of("statin")
    if not drafts:
        return []
    muscle = [each for each in case.assessment.findings if each.rule in (RHABDOMYOLYSIS, CREATINE_KINASE)]
    if muscle:
        return found(STATIN_CK, Level.WARNING, [*drafts, *(fact for each in muscle for fact in each.evidence)])
    severe = [each for each in case.assessment.red_flags if each.rule is SEVERE and each.state is State.PRESENT]
    measured = case.patient.within(case.patient.present("creatine-kinase"), case.patient.thresholds.laboratory_days)
    taken = case.patient.present("statin")
    if severe and taken and not measured:
        return found(STATIN_PAIN, Level.INFO, [*drafts, *taken, *severe[0].evidence])
    return []


ORDER_RULES: tuple[Callable[[OrderCase], list[Finding]], ...] = (
    compression,
    nsaid,
    d_dimer,
    ultrasound,
    duplicates,
    statin,
)


def _is_asked(finding: Finding, case: OrderCase) -> bool:
    """Does it rest on a draft that is asked about?"""
    return any(fact.source in case.selected for fact in finding.evidence)


def _kind(finding: Finding) -> str:
    """What is ordered: the first fact of a finding is the draft."""
    concept = finding.evidence[0].concept
    return _D_DIMER[0] if concept in _D_DIMER else concept


def _meant(drafts: Iterable[Fact], patient: Leg) -> dict[Side, Leg]:
    """For each side that the drafts name that leg, the whole patient for drafts that name none."""
    return {side: view_of(side, patient) for side in dict.fromkeys(draft.side for draft in drafts)}
