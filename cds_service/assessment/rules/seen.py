"""What a reader must see although it raises nothing: other words rest on it, or it may be what matters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from cds_service.assessment.asking import asked
from cds_service.assessment.concepts import ACHILLES, BLEEDING, EMBOLISM_SYMPTOMS, INJURIES, PASSING_CAUSES, Concept
from cds_service.assessment.d_dimer import is_not_judged
from cds_service.assessment.diagnoses import recent_plaster, undated_causes
from cds_service.assessment.explained import BY_DISEASE, possible_causes
from cds_service.assessment.laboratory import is_below
from cds_service.assessment.raising import RAISING
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.rule import Finding, Kind, Rule, Seen, Window, once
from cds_service.assessment.rules.guidance import DISCOLOURATION, REST, SEVERE, SWELLING, WALKING
from cds_service.assessment.siting import admitted_by
from cds_service.assessment.sources import OURS
from cds_service.facts import Fact, State

UNDATED = "date not recorded: it may be long over"
NOT_READ = "not interpreted: neither present nor absent"
_BEARING_ON_HOME_CARE = (
    *(Concept.HEART_FAILURE, Concept.REDUCED_SENSATION, Concept.RAYNAUD, Concept.COLD_SENSITIVITY),
    *(Concept.MATERIAL_ALLERGY, Concept.BYPASS_GRAFT, Concept.LEG_ULCER),
)
_OF_FLAGS = {
    SEVERE: (Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY),
    SWELLING: (Concept.SWELLING,),
    DISCOLOURATION: (Concept.SKIN_COLOUR,),
    WALKING: (Concept.WALKING_PROBLEM,),
    REST: (Concept.REST_PAIN,),
}
_COULD_RAISE = (
    *(concept for rule in RAISING for concept in rule.needs),
    *(concept for concepts in _OF_FLAGS.values() for concept in concepts),
    *(Concept.PAIN, Concept.CRAMP),
)


def _plaster(_: Sequence[Fact], patient: Record) -> Seen | None:
    plaster = recent_plaster(patient)
    return Seen(plaster) if plaster else None


def _disease(_: Sequence[Fact], leg: Record) -> Seen | None:
    """Whether or not it is old and sure enough to explain the sign."""
    seen = [*possible_causes(leg), *leg.any_of(*_BEARING_ON_HOME_CARE)]
    return Seen(seen) if seen else None


def _not_interpreted(_: Sequence[Fact], patient: Record) -> Seen | None:
    unknown = [fact for fact in patient.facts if fact.state is State.UNKNOWN and fact.concept in NOT_INTERPRETED.needs]
    unread = patient.within([fact for fact in unknown if fact.illegible], patient.thresholds.finding_days)
    seen = [*unread, *(fact for fact in patient.new(Concept.D_DIMER) if is_not_judged(fact))]
    return Seen(seen, State.UNKNOWN, why_not_counted=NOT_READ) if seen else None


def _undated_cause(_: Sequence[Fact], patient: Record) -> Seen | None:
    undated = [fact for fact in undated_causes(patient) if fact.concept != Concept.CLAUDICATION]
    return Seen(undated, why_not_counted=UNDATED) if undated else None


def _against_anticoagulant(current: Sequence[Fact], patient: Record) -> Seen | None:
    """A bleeding that is over counts as well, if it has a date."""
    limits = patient.thresholds
    over = [fact for fact in patient.past(*BLEEDING) if fact.when is not None]
    bleeding = [fact for fact in current if fact.concept in BLEEDING] + [
        *patient.within(over, limits.bleeding_risk_days)
    ]
    low = {Concept.PLATELETS: limits.low_platelets, Concept.EGFR: limits.low_egfr}
    values = [fact for fact in current if fact.concept in low and is_below(fact.quantity, low[Concept(fact.concept)])]
    seen = [*bleeding, *values, *patient.present(Concept.VENA_CAVA_FILTER)]
    return Seen(seen) if seen else None


def _refuted(_: Sequence[Fact], patient: Record) -> Seen | None:
    refuted = patient.within(patient.absent(Concept.DVT), patient.thresholds.finding_days)
    return Seen(refuted) if refuted else None


ANTICOAGULANT = Rule(
    id="anticoagulant",
    kind=Kind.SEEN,
    label="Anticoagulant",
    source=OURS,
    says="A current anticoagulant.",
    needs=(Concept.ANTICOAGULANT,),
)
INJURY = Rule(
    id="injury",
    kind=Kind.SEEN,
    label="New or healing injury of the leg",
    source=OURS,
    says="An injury from knee to ankle of the last {finding_days} days; of the Achilles tendon, or a fracture, sprain "
    "or crush, of the last {acute_diagnosis_days} days.",
    needs=INJURIES,
    windows=(Window("acute_diagnosis_days", (*ACHILLES, Concept.LEG_INJURY)), Window("finding_days")),
)
PLASTER = Rule(
    id="plaster",
    kind=Kind.SEEN,
    label="Plaster or splint",
    source=OURS,
    says="Within {cast_days} days, also without a site: then it may be of the arm.",
    needs=(Concept.CAST,),
    windows=(Window("cast_days"),),
    when=_plaster,
)
SITING = Rule(
    id="siting-finding",
    kind=Kind.SEEN,
    label="Leg finding for which a finding without a site counts",
    source=OURS,
    says="The newest finding of the leg for which something that has no site counts, where none that counts itself is "
    "of the leg.",
)
DISEASE = Rule(
    id="disease",
    kind=Kind.SEEN,
    label="Disease that may explain a sign, or bears on home care",
    source=OURS,
    says="A disease of the table of explanations beside a new sign that it could explain, whether or not it is old and "
    "sure enough; heart failure, reduced sensation, Raynaud's, a disease that cold makes worse, allergy to "
    "latex or adhesives, a bypass graft, an ulcer of leg or foot.",
    needs=tuple(dict.fromkeys((*(each for row in BY_DISEASE for each in row.needs), *_BEARING_ON_HOME_CARE))),
    when=_disease,
)
EMBOLISM_SYMPTOM = Rule(
    id="possible-embolism-symptom",
    kind=Kind.SEEN,
    label="Possible symptom of embolism",
    source=OURS,
    says="Dyspnoea, chest pain, haemoptysis or syncope of the last {finding_days} days.",
    needs=EMBOLISM_SYMPTOMS,
    windows=(Window("finding_days"),),
)
NOT_INTERPRETED = Rule(
    id="not-interpreted",
    kind=Kind.SEEN,
    label="Entry that is not interpreted",
    source=OURS,
    says="An entry of the last {finding_days} days about what could raise the level, whose value is not interpreted; a "
    "D-dimer that came with nothing to judge it by.",
    needs=tuple(dict.fromkeys(_COULD_RAISE)),
    windows=(Window("finding_days"),),
    when=_not_interpreted,
)
REFUTED_DVT = Rule(
    id="refuted-dvt",
    kind=Kind.SEEN,
    label="DVT refuted",
    source=OURS,
    says="A DVT of the leg denied in the last {finding_days} days.",
    needs=(Concept.DVT,),
    windows=(Window("finding_days"),),
    when=_refuted,
)

UNDATED_CAUSE = Rule(
    id="undated-cause",
    kind=Kind.SEEN,
    label="Cause without a date",
    source=OURS,
    says="A strain, cramp, contusion or tendinopathy with neither onset nor date of record.",
    needs=PASSING_CAUSES,
    when=_undated_cause,
)
AGAINST_ANTICOAGULANT = Rule(
    id="against-anticoagulant",
    kind=Kind.SEEN,
    label="On record against an anticoagulant",
    source=OURS,
    says="Intracranial or gastrointestinal bleeding within {bleeding_risk_days} days, over or not; the newest platelet "
    "count of those days below {low_platelets} x 10*9/L, the newest eGFR below {low_egfr} mL/min; a filter in the vena "
    "cava. Told on cards about a clot.",
    needs=(*BLEEDING, Concept.PLATELETS, Concept.EGFR, Concept.VENA_CAVA_FILTER),
    windows=(Window("bleeding_risk_days", (*BLEEDING, Concept.PLATELETS, Concept.EGFR)),),
    when=_against_anticoagulant,
)

SEEN = (
    *(ANTICOAGULANT, INJURY, PLASTER, SITING, DISEASE, EMBOLISM_SYMPTOM, NOT_INTERPRETED, REFUTED_DVT, UNDATED_CAUSE),
    AGAINST_ANTICOAGULANT,
)


def to_be_seen(patient: Record, concerned: Sequence[Leg], raising: Iterable[Finding]) -> list[Finding]:
    """All of it, in this order; `concerned`: the legs with a complaint, `raising`: what raised the level."""
    counting = [fact for leg in concerned for fact in leg.complaint]
    counting += [fact for finding in raising for fact in finding.evidence]
    diseases = [fact for leg in concerned for finding in asked((DISEASE,), leg) for fact in finding.evidence]
    of_legs = {SITING: admitted_by(counting, patient.facts), DISEASE: once(diseases)}
    found = {finding.rule: finding for finding in asked([rule for rule in SEEN if rule not in of_legs], patient)}
    found |= {rule: Finding(rule, State.PRESENT, evidence=once(facts)) for rule, facts in of_legs.items() if facts}
    return [found[rule] for rule in SEEN if rule in found]


def with_illegible(flags: Iterable[Finding], seen: Collection[Finding]) -> list[Finding]:
    """The red flags; one that is unknown has as its evidence the entries about it that are not interpreted."""
    facts = [fact for finding in seen if finding.rule is NOT_INTERPRETED for fact in finding.evidence]
    return [
        replace(flag, evidence=tuple([fact for fact in facts if fact.concept in _OF_FLAGS.get(flag.rule, ())]))
        if flag.state is State.UNKNOWN
        else flag
        for flag in flags
    ]
