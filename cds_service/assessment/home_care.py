"""The guidance's home care (S22 to S26), minus what this patient should not do, and why; or with what to mind.

Compression: contraindications of Rabe 2020 as far as codes can show them. Its limits of ankle, toe and oxygen pressure
are not read. Ice: NHS Wales. What no source names is this service's own precaution, and marked so. The guidance's
remark that compression reduces blood flow is repeated to nobody. docs/home-care.md holds the same as a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cds_service.assessment import diagnoses
from cds_service.assessment.ankle_brachial import CONCEPT as ANKLE_BRACHIAL_INDEX
from cds_service.assessment.ankle_brachial import Band, in_bands, severe
from cds_service.assessment.citation import Citation
from cds_service.assessment.criteria import Presentation
from cds_service.assessment.d_dimer import raised_in_a_month
from cds_service.assessment.injuries import INJURIES, recent_injuries
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import NERVE, NUMBNESS, PERFUSION
from cds_service.assessment.risk_factors import THROMBOSIS_RISKS
from cds_service.assessment.rules import Finding
from cds_service.assessment.sources import BOAST, NHS_ICE, NICE_EXERCISE, OURS, RABE
from cds_service.facts import Fact, State

ACHILLES = ("achilles-rupture", "achilles-strain")
REST, ICE, COMPRESSION, ELEVATION, STRETCHING = "rest", "ice", "compression", "elevation", "gentle stretching"
STEPS = (REST, ICE, COMPRESSION, ELEVATION, STRETCHING)


@dataclass(frozen=True, slots=True)
class HomeCareStep:
    """One step; `withheld` gives the reasons not to advise it, empty when it suits what is recorded.

    `mind`: what this patient has to mind where the step is advised.
    """

    name: str
    withheld: tuple[str, ...] = ()
    mind: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Precaution:
    """`reason`: why, in our words. `against`: the steps that are withheld for it, each with its source.

    `minding`: steps that are advised, each with what to mind and the source of that.
    """

    id: str
    reason: str
    against: Mapping[str, Citation] = field(default_factory=dict)
    minding: Mapping[str, tuple[str, Citation]] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(init=False)
    mind: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        withheld = {step: f"{self.reason}: {_named(source)}" for step, source in self.against.items()}
        mind = {step: f"{words}, {self.reason}: {_named(source)}" for step, (words, source) in self.minding.items()}
        object.__setattr__(self, "withheld", withheld)
        object.__setattr__(self, "mind", mind)


def _named(source: Citation) -> str:
    return "own precaution" if source is OURS else source.label


POOR_SUPPLY = Precaution("poor-supply", "arterial disease, or signs of it", {COMPRESSION: OURS, ICE: NHS_ICE})
BYPASS = Precaution("bypass", "bypass graft, which a bandage could press on", {COMPRESSION: RABE})
CRITICAL_SUPPLY = Precaution("critical-supply", "blood supply of the leg may be critical", {ELEVATION: OURS})
COMPARTMENT_HEIGHT = Precaution(
    "compartment-height", "compartment syndrome in question, leg at heart level", {ELEVATION: BOAST}
)
COMPARTMENT = Precaution(
    "compartment", "compartment syndrome in question", {COMPRESSION: OURS, ICE: OURS, STRETCHING: OURS}
)
CLOT = Precaution("clot", "vein thrombosis, known or suspected", {COMPRESSION: OURS, STRETCHING: OURS})
POSSIBLE_CLOT = Precaution("possible-clot", "DVT not excluded", {COMPRESSION: OURS, STRETCHING: OURS})
POSSIBLE_CLOT_IN_CRAMP = Precaution("possible-clot-in-cramp", "DVT not excluded beside a cramp", {COMPRESSION: OURS})
SWELLING = Precaution("swelling", "swelling, DVT not excluded", {COMPRESSION: OURS, STRETCHING: OURS})
MUSCLE = Precaution("muscle", "compartment syndrome not excluded", {COMPRESSION: OURS, ICE: OURS, ELEVATION: OURS})
BLEEDING = Precaution("bleeding", "anticoagulant, bleeding to watch for", {COMPRESSION: OURS, STRETCHING: OURS})
BLEEDING_IN_CRAMP = Precaution("bleeding-in-cramp", "cramp under an anticoagulant", {COMPRESSION: OURS})
COLOUR = Precaution(
    "colour", "change of colour, blood supply not checked", {COMPRESSION: OURS, ICE: OURS, ELEVATION: OURS}
)
INFECTION = Precaution("infection", "infection of the leg", {COMPRESSION: OURS, ICE: NHS_ICE})
ULCER = Precaution("ulcer", "ulcer of leg or foot", {COMPRESSION: OURS, ICE: NHS_ICE})
SENSATION = Precaution("sensation", "reduced sensation", {COMPRESSION: OURS, ICE: NHS_ICE})
RAYNAUD = Precaution("raynaud", "Raynaud's", {ICE: NHS_ICE})
COLD_SENSITIVITY = Precaution("cold-sensitivity", "disease that cold makes worse", {ICE: OURS})
ALLERGY = Precaution("allergy", "allergy to latex or adhesives", {COMPRESSION: RABE})
TENDON = Precaution("tendon", "Achilles tendon injury", {STRETCHING: OURS})
TENDON_DRUG = Precaution("tendon-drug", "Achilles tendon under a fluoroquinolone", {STRETCHING: OURS})
TEAR = Precaution("tear", "muscle strain, a tear is not excluded", {STRETCHING: OURS})
INJURY = Precaution("injury", "injury between knee and ankle", {COMPRESSION: OURS, STRETCHING: OURS})
CLAUDICATION = Precaution("claudication", "claudication is treated by supervised walking", {REST: NICE_EXERCISE})
LOW_INDEX = Precaution("low-index", "abnormal ankle-brachial index, claudication not excluded", {REST: OURS})
HEART_FAILURE = Precaution(
    "heart-failure",
    "heart failure, NYHA class not recorded",
    {COMPRESSION: RABE},
    {ELEVATION: ("lower if it brings on breathlessness", OURS)},
)
THROMBOSIS_RISK = Precaution(
    "thrombosis-risk", "a risk of thrombosis is on record", minding={REST: ("no bed rest", OURS)}
)
KNOWN_CLOT = Precaution("known-clot", "a DVT is on record", minding={REST: ("no bed rest", OURS)})
DIABETES = Precaution("diabetes", "diabetes", minding={ICE: ("only where the skin feels normally", NHS_ICE)})
CHILD = Precaution("child", "a child", minding={ICE: ("at most 10 minutes, through a damp cloth", NHS_ICE)})
PREGNANCY = Precaution("pregnancy", "pregnancy", minding={ELEVATION: ("late on not flat on the back", OURS)})

PRECAUTIONS = (
    *(POOR_SUPPLY, BYPASS, CRITICAL_SUPPLY, COMPARTMENT_HEIGHT, COMPARTMENT, CLOT, POSSIBLE_CLOT),
    *(POSSIBLE_CLOT_IN_CRAMP, SWELLING, MUSCLE, BLEEDING, BLEEDING_IN_CRAMP, LOW_INDEX, KNOWN_CLOT),
    *(COLOUR, INFECTION, ULCER, SENSATION, RAYNAUD, COLD_SENSITIVITY, ALLERGY, TENDON, TENDON_DRUG, TEAR, INJURY),
    *(CLAUDICATION, HEART_FAILURE, THROMBOSIS_RISK, DIABETES, CHILD, PREGNANCY),
)
"""All of them."""

LEG_CONCEPTS = frozenset(
    {
        *("arterial-disease", "vascular-disease", "claudication", "rest-pain", "gangrene", "acute-limb-ischaemia"),
        *("bypass-graft", "leg-ulcer", "dvt", "superficial-vein-thrombosis", "leg-vein-thrombosis", "swelling"),
        *("skin-colour", "cellulitis", "necrotising-infection", "reduced-sensation", "raynaud", "cold-sensitivity"),
        *("material-allergy", "heart-failure", "anticoagulant", "previous-dvt", "baker-cyst", "d-dimer"),
        *("fluoroquinolone", ANKLE_BRACHIAL_INDEX, *INJURIES),
    }
)
"""What a precaution for a leg can rest on, beside its limb-threat signs and the findings that raised the level."""
_ALL_SUIT = tuple([HomeCareStep(step) for step in STEPS])
_POSSIBLE_CLOT_CARDS = ("possible-dvt", "superficial-thrombosis", "pregnancy", "pulmonary-embolism", "known-dvt", "dvt")


def home_care(held: Iterable[Sequence[Precaution]]) -> tuple[HomeCareStep, ...]:
    """All five steps, each with the reasons against it: what is withheld for one leg is withheld for the patient."""
    each_once = dict.fromkeys([precaution for some in held for precaution in some])
    if not each_once:
        return _ALL_SUIT
    return tuple(
        [
            HomeCareStep(
                step,
                tuple([each.withheld[step] for each in each_once if step in each.withheld]),
                tuple([each.mind[step] for each in each_once if step in each.mind]),
            )
            for step in STEPS
        ]
    )


def precautions(
    leg: Leg, presentation: Presentation, findings: Sequence[Finding], measured: Mapping[Fact, Band]
) -> list[Precaution]:
    """Those for this leg, by its record, how it presents, the findings that raised the level, and its measured
    ankle-brachial indices.
    """
    signs, wells = presentation.signs, presentation.wells
    if not (findings or signs or (wells and wells.points) or leg.mentions(LEG_CONCEPTS)):
        return []
    cards = {finding.rule.card for finding in findings}
    current = leg.current
    compartment = "compartment-syndrome" in cards or _after_an_injury(leg, presentation)
    only_cramp = all(fact.concept == "cramp" for fact in presentation.complaint)
    doubtful = bool(
        (wells.points if wells else leg.past("previous-dvt", "dvt"))
        or "baker-cyst" in current
        or raised_in_a_month(leg)
    )
    arterial = leg.any_of("arterial-disease", "vascular-disease", "claudication", "acute-limb-ischaemia")
    critical = bool(
        not current.keys().isdisjoint(("rest-pain", "gangrene"))
        or signs.facts(*PERFUSION)
        or diagnoses.acute_limb_ischaemia(leg)
        or ("leg-ulcer" in current and "arterial-disease" in current)
    )
    clot = bool("dvt" in current or diagnoses.superficial_thrombosis(leg))
    possible_clot = (doubtful and not only_cramp) or not cards.isdisjoint(_POSSIBLE_CLOT_CARDS)
    drugs = leg.anticoagulants()
    low = in_bands(measured, Band.ABNORMAL)
    tendon = diagnoses.healing(leg, *ACHILLES)
    return [
        precaution
        for precaution, holds in (
            (POOR_SUPPLY, critical or arterial or low or in_bands(measured, Band.NONCOMPRESSIBLE)),
            (BYPASS, "bypass-graft" in current),
            (CRITICAL_SUPPLY, critical or severe(measured, leg.thresholds)),
            (COMPARTMENT_HEIGHT, compartment),
            (COMPARTMENT, compartment),
            (CLOT, clot),
            (POSSIBLE_CLOT, possible_clot and not clot),
            (POSSIBLE_CLOT_IN_CRAMP, doubtful and not (clot or possible_clot)),
            (SWELLING, leg.new("swelling") and not (clot or possible_clot)),
            (MUSCLE, "muscle" in cards),
            (BLEEDING, drugs and not only_cramp),
            (BLEEDING_IN_CRAMP, drugs and only_cramp),
            (COLOUR, leg.any_of("skin-colour")),
            (INFECTION, leg.any_of("cellulitis", "necrotising-infection")),
            (ULCER, "leg-ulcer" in current),
            (SENSATION, "reduced-sensation" in current or signs.facts(NUMBNESS)),
            (RAYNAUD, "raynaud" in current),
            (COLD_SENSITIVITY, "cold-sensitivity" in current),
            (ALLERGY, "material-allergy" in current),
            (HEART_FAILURE, "heart-failure" in current),
            (TENDON, tendon),
            (TENDON_DRUG, "fluoroquinolone" in current and leg.any_of("tendinopathy", *ACHILLES)),
            (TEAR, leg.new("strain")),
            (INJURY, diagnoses.healing(leg, "leg-injury")),
            (CLAUDICATION, "claudication" in current and "rest-pain" not in current),
            (LOW_INDEX, low and not (critical or "claudication" in current or leg.new(*INJURIES))),
        )
        if holds
    ]


def _after_an_injury(leg: Leg, presentation: Presentation) -> bool:
    """An injury of the last 7 days with severe pain or a nerve sign: the pattern of a compartment syndrome."""
    return bool(recent_injuries(leg) and (presentation.severe_pain or presentation.signs.facts(*NERVE)))


def precautions_of_the_other_leg(signs: Iterable[Finding]) -> list[Precaution]:
    """Those for signs of a leg without a complaint: the wrong side may have been entered."""
    kinds = {finding.rule for finding in signs}
    poor = not kinds.isdisjoint(PERFUSION)
    held = ((POOR_SUPPLY, poor), (CRITICAL_SUPPLY, poor), (SENSATION, NUMBNESS in kinds))
    return [precaution for precaution, holds in held if holds]


def precautions_of_the_patient(patient: Leg, risks: Sequence[Finding]) -> list[Precaution]:
    """Those that do not depend on the leg; `risks` are the patient's risk factors, whatever their state."""
    pregnant = patient.within(patient.present("pregnancy"), patient.thresholds.pregnancy_days)
    at_risk = any(risk.state is State.PRESENT and risk.rule.id in THROMBOSIS_RISKS for risk in risks)
    known = patient.confirmed("dvt")
    return [
        precaution
        for precaution, holds in (
            (THROMBOSIS_RISK, at_risk and not known),
            (KNOWN_CLOT, known),
            (DIABETES, "diabetes" in patient.current),
            (CHILD, patient.is_child),
            (PREGNANCY, pregnant),
        )
        if holds
    ]
