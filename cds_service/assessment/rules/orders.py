"""What a draft order means beside what the record shows, where there is a leg complaint. Never above a warning.

These rules are not asked one by one like those of a leg: a draft is no fact of the record, and of the reasons about one
kind of draft the gravest decides which are told. So the rules of one kind of order are asked together: (case) ->
findings; the first fact of a finding is the draft.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cds_service.assessment.ankle_brachial import Band, indices, lowest_first, severe
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.concepts import PERFUSION, Concept
from cds_service.assessment.diagnoses import pregnant_or_postpartum, unknown_medicines
from cds_service.assessment.record import Leg, Record, leg_of
from cds_service.assessment.rule import Effect, Finding, Kind, Level, Rule, once
from cds_service.assessment.rules import precautions
from cds_service.assessment.rules.care import home_care
from cds_service.assessment.rules.guidance import SEVERE
from cds_service.assessment.signs import recent_signs
from cds_service.assessment.sources import AHA_CHOLESTEROL, FDA_NSAID, NICE_DVT, OURS, RABE, RCOG
from cds_service.facts import Fact, Side, State

_D_DIMER = (Concept.D_DIMER, Concept.D_DIMER_REQUEST)
_KINDS = (Concept.LEG_VEIN_ULTRASOUND, Concept.COMPRESSION)
_ARTERIAL = (
    *(Concept.ARTERIAL_DISEASE, Concept.CLAUDICATION, Concept.REST_PAIN),
    *(Concept.GANGRENE, Concept.ACUTE_LIMB_ISCHAEMIA),
)
_NO_COMPRESSION: Mapping[Effect, precautions.Precaution] = {
    Effect.COMPARTMENT_IN_QUESTION: precautions.COMPARTMENT,
    Effect.UNTREATED_CLOT: precautions.CLOT,
}
"""What makes compression beside it a warning, and the words for why."""
_MOST = 3

COMPRESSION_ARTERIAL = Rule(
    id="order-compression-arterial",
    kind=Kind.ORDER,
    label="Draft compression beside arterial disease or signs of it",
    source=RABE,
    says="Compression beside arterial disease, claudication, rest pain, gangrene, acute limb ischaemia, a new sign of "
    "poor perfusion or an ankle-brachial index below {ankle_brachial_severe}, of a leg that may be meant.",
    needs=(Concept.COMPRESSION,),
    level=Level.WARNING,
    card="draft-compression-arterial",
)
COMPRESSION = Rule(
    id="order-compression",
    kind=Kind.ORDER,
    label="Draft compression, reason to check first",
    source=OURS,
    says="Compression that the home care leaves out for another reason. A warning beside compartment syndrome, "
    "recorded or in question, and beside a DVT without an anticoagulant.",
    needs=(Concept.COMPRESSION,),
    level=Level.INFO,
    card="draft-compression",
)
NSAID_BLEEDING = Rule(
    id="order-nsaid-anticoagulant",
    kind=Kind.ORDER,
    label="Draft NSAID and an anticoagulant",
    source=OURS,
    says="An NSAID beside an anticoagulant, on record or among the drafts.",
    needs=(Concept.NSAID, Concept.ANTICOAGULANT),
    level=Level.WARNING,
    card="draft-nsaid",
)
NSAID_UNKNOWN = Rule(
    id="order-nsaid-unread",
    kind=Kind.ORDER,
    label="Draft NSAID; anticoagulant not known",
    source=OURS,
    says="An NSAID where medicines could not be read, or a current or drafted one has no code that is read.",
    needs=(Concept.NSAID,),
    level=Level.INFO,
    card="draft-nsaid-unread",
)
NSAID_PREGNANCY = Rule(
    id="order-nsaid-pregnancy",
    kind=Kind.ORDER,
    label="Draft NSAID in pregnancy",
    source=FDA_NSAID,
    says="An NSAID in pregnancy. The week is not read.",
    needs=(Concept.NSAID,),
    level=Level.WARNING,
    card="draft-nsaid-pregnancy",
)
D_DIMER_LIKELY = Rule(
    id="order-d-dimer-wells",
    kind=Kind.ORDER,
    label="Draft D-dimer, Wells 2 or more from the record",
    source=NICE_DVT,
    says="A D-dimer while the Wells score from the record is {wells_likely_points} or more.",
    needs=_D_DIMER,
    level=Level.WARNING,
    card="draft-d-dimer",
)
D_DIMER_PREGNANCY = Rule(
    id="order-d-dimer-pregnancy",
    kind=Kind.ORDER,
    label="Draft D-dimer in or after pregnancy",
    source=RCOG,
    says="A D-dimer in pregnancy or within {postpartum_days} days after.",
    needs=_D_DIMER,
    level=Level.WARNING,
    card="draft-d-dimer-pregnancy",
)
D_DIMER_TREATED = Rule(
    id="order-d-dimer-anticoagulant",
    kind=Kind.ORDER,
    label="Draft D-dimer under an anticoagulant",
    source=NICE_DVT,
    says="A D-dimer under an anticoagulant.",
    needs=_D_DIMER,
    level=Level.INFO,
    card="draft-d-dimer-anticoagulant",
)
SCANNED = Rule(
    id="order-ultrasound-done",
    kind=Kind.ORDER,
    label="Draft leg vein ultrasound, one done lately",
    source=OURS,
    says="An ultrasound of the leg veins, one done within {ultrasound_days} days.",
    needs=(Concept.LEG_VEIN_ULTRASOUND,),
    level=Level.INFO,
    card="draft-ultrasound",
)
DUPLICATE = Rule(
    id="order-duplicate",
    kind=Kind.ORDER,
    label="More than one of a kind",
    source=OURS,
    says="Two drafts for one side: of an ultrasound of the leg veins, compression or a D-dimer. Doubled medicines are "
    "left to the EHR.",
    needs=(*_KINDS, *_D_DIMER),
    level=Level.INFO,
    card="draft-duplicate",
)
STATIN_CK = Rule(
    id="order-statin-ck",
    kind=Kind.ORDER,
    label="Draft statin and muscle breakdown",
    source=OURS,
    says="A statin beside rhabdomyolysis or a high creatine kinase that raised the level.",
    needs=(Concept.STATIN,),
    level=Level.WARNING,
    card="draft-statin",
)
STATIN_PAIN = Rule(
    id="order-statin-pain",
    kind=Kind.ORDER,
    label="Draft statin, severe pain on a statin",
    source=AHA_CHOLESTEROL,
    says="A statin for one who takes one and has severe pain, without a creatine kinase of the last {laboratory_days} "
    "days.",
    needs=(Concept.STATIN,),
    level=Level.INFO,
    card="draft-statin-pain",
)

ORDERS = (
    *(COMPRESSION_ARTERIAL, COMPRESSION, NSAID_BLEEDING, NSAID_UNKNOWN, NSAID_PREGNANCY),
    *(D_DIMER_LIKELY, D_DIMER_PREGNANCY, D_DIMER_TREATED, SCANNED, DUPLICATE, STATIN_CK, STATIN_PAIN),
)
"""All of them."""


@dataclass(frozen=True, slots=True)
class OrderCase:
    """The drafts, and the assessment of the chart.

    `selected`: the sources of the drafts that are asked about; the others are company, such as a draft anticoagulant.
    `off`: the rules that the site has switched off.
    """

    drafts: Sequence[Fact]
    selected: Collection[str]
    assessment: Assessment
    off: Collection[Rule] = ()

    @property
    def patient(self) -> Record:
        """The whole record."""
        return self.assessment.record

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
        for findings_of in _JUDGES
        for finding in findings_of(case)
        if finding.rule not in case.off and _is_asked(finding, case)
    ]
    of_kinds: dict[str, list[Finding]] = {}
    doubled: list[Fact] = []
    for finding in sorted(findings, key=lambda each: (-each.level, each.rule is DUPLICATE)):
        of_kinds.setdefault(_kind(finding), []).append(finding)
    cards = [tuple(each) for each in of_kinds.values() if any(finding.rule is not DUPLICATE for finding in each)]
    for each in of_kinds.values():
        if all(finding.rule is DUPLICATE for finding in each):
            doubled += each[0].evidence
    cards += [tuple(_found(DUPLICATE, doubled))] if doubled else []
    return sorted(cards, key=lambda each: -each[0].level)[:_MOST]


def compression(case: OrderCase) -> list[Finding]:
    """What of home care leaves compression out counts for a draft of it too."""
    drafts = case.of(Concept.COMPRESSION)
    if not drafts:
        return []
    meant = _meant(drafts, case.patient).values()
    poor_supply: list[Fact] = []
    known: dict[Fact, Band] = {}
    for leg in meant:
        poor_supply += [*leg.any_of(*_ARTERIAL), *recent_signs(leg).facts(*PERFUSION)]
        known |= indices(leg)
    if poor_supply or severe(known, case.patient.thresholds):
        return _found(COMPRESSION_ARTERIAL, [*drafts, *once([*poor_supply, *known])], _how_severe(known))
    threats = [
        (precaution, finding.evidence)
        for finding in case.assessment.raising
        for effect, precaution in _NO_COMPRESSION.items()
        if effect in finding.rule.effects and _is_of(finding, meant)
    ]
    first = [precaution.withheld[precautions.COMPRESSION] for precaution, _evidence in threats]
    against = [
        reason
        for step in home_care(case.assessment.of(Kind.PRECAUTION))
        if step.name == precautions.COMPRESSION
        for reason in step.withheld
    ]
    reasons = "; ".join(dict.fromkeys([*first, *against]))
    if not reasons:
        return []
    evidence = [*drafts, *(fact for _precaution, facts in threats for fact in facts)]
    return _found(COMPRESSION, evidence, reasons, Level.WARNING if threats else COMPRESSION.level)


def _how_severe(known: Iterable[Fact]) -> str:
    """The lowest ankle-brachial index that says one value."""
    values = [fact.quantity for fact in lowest_first(known) if fact.quantity and not fact.quantity.comparator]
    return f"ankle-brachial index {values[0].value:g}" if values else "how severe is not read"


def _is_of(finding: Finding, legs: Collection[Leg]) -> bool:
    """Is it of one of these legs? An anticoagulant is of none."""
    facts = {fact for leg in legs for fact in leg.facts}
    return any(fact in facts for fact in finding.evidence if fact.concept != Concept.ANTICOAGULANT)


def nsaid(case: OrderCase) -> list[Finding]:
    """In pregnancy from 20 weeks on (FDA 2020); the week is not read."""
    drafts = case.of(Concept.NSAID)
    if not drafts:
        return []
    treatment = [*case.patient.anticoagulants(), *case.of(Concept.ANTICOAGULANT)]
    pregnant = [fact for fact in pregnant_or_postpartum(case.patient) if fact.concept == Concept.PREGNANCY]
    findings = _found(NSAID_BLEEDING, [*drafts, *treatment]) if treatment else []
    if pregnant:
        findings += _found(NSAID_PREGNANCY, [*drafts, *pregnant], "week of pregnancy not read")
    if not treatment and (unknown := unknown_medicines(case.patient.chart)):
        findings += _found(NSAID_UNKNOWN, drafts, unknown)
    return findings


def d_dimer(case: OrderCase) -> list[Finding]:
    """Where another step is named first; the gravest reason alone."""
    drafts = case.of(*_D_DIMER)
    if not drafts:
        return []
    if pregnancy := pregnant_or_postpartum(case.patient):
        return _found(D_DIMER_PREGNANCY, [*drafts, *pregnancy])
    score = case.assessment.wells
    if score is not None and score.points >= case.patient.thresholds.wells_likely_points:
        return _found(D_DIMER_LIKELY, [*drafts, *score.evidence])
    treatment = case.patient.anticoagulants()
    return _found(D_DIMER_TREATED, [*drafts, *treatment]) if treatment else []


def ultrasound(case: OrderCase) -> list[Finding]:
    """All drafts for one side are one finding."""
    drafts = [draft for draft in case.of(Concept.LEG_VEIN_ULTRASOUND) if draft.source in case.selected]
    findings: list[Finding] = []
    for side, leg in _meant(drafts, case.patient).items():
        done = leg.surely_within(leg.present(Concept.LEG_VEIN_ULTRASOUND), leg.thresholds.ultrasound_days)
        same = [draft for draft in drafts if draft.side is side]
        findings += _found(SCANNED, [*same, *done]) if done else []
    return findings


def duplicates(case: OrderCase) -> list[Finding]:
    """No medicines: every EHR tells of them."""
    findings: list[Finding] = []
    for kind in (*_KINDS, Concept.D_DIMER_REQUEST):
        drafts = case.of(*_D_DIMER) if kind in _D_DIMER else case.of(kind)
        of_side: dict[Side, set[str]] = {}  # orders for two named sides are two
        for fact in drafts:
            of_side.setdefault(fact.side, set()).add(fact.source)
        same = [fact for fact in drafts if len(of_side[fact.side]) > 1]
        findings += _found(DUPLICATE, same) if same else []
    return findings


def statin(case: OrderCase) -> list[Finding]:
    drafts = case.of(Concept.STATIN)
    if not drafts:
        return []
    muscle = [each for each in case.assessment.raising if Effect.MUSCLE_IN_QUESTION in each.rule.effects]
    if muscle:
        return _found(STATIN_CK, [*drafts, *(fact for each in muscle for fact in each.evidence)])
    severe_pain = [each for each in case.assessment.of(Kind.RED_FLAG) if each.rule is SEVERE and each.is_present]
    results = case.patient.present(Concept.CREATINE_KINASE)
    measured = case.patient.within(results, case.patient.thresholds.laboratory_days)
    taken = case.patient.present(Concept.STATIN)
    if severe_pain and taken and not measured:
        return _found(STATIN_PAIN, [*drafts, *taken, *severe_pain[0].evidence])
    return []


_JUDGES: tuple[Callable[[OrderCase], list[Finding]], ...] = (
    compression,
    nsaid,
    d_dimer,
    ultrasound,
    duplicates,
    statin,
)


def _found(rule: Rule, evidence: Sequence[Fact], note: str = "", level: Level | None = None) -> list[Finding]:
    return [Finding(rule, State.PRESENT, rule.level if level is None else level, once(evidence), note=note)]


def _is_asked(finding: Finding, case: OrderCase) -> bool:
    """Does it rest on a draft that is asked about?"""
    return any(fact.source in case.selected for fact in finding.evidence)


def _kind(finding: Finding) -> str:
    """What is ordered: the first fact of a finding is the draft."""
    concept = finding.evidence[0].concept
    return _D_DIMER[0] if concept in _D_DIMER else concept


def _meant(drafts: Iterable[Fact], patient: Record) -> dict[Side, Leg]:
    """For each side that the drafts name that leg, the whole patient for drafts that name none."""
    return {side: leg_of(side, patient) for side in dict.fromkeys(draft.side for draft in drafts)}
