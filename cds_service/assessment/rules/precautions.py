"""What speaks against a step of the home care, or is to be minded in it: each reason is a rule.

Compression: contraindications of Rabe 2020 as far as codes can show them. Its limits of ankle, toe and oxygen pressure
are not read. Ice: NHS Wales. What no source names is this service's own precaution, and marked so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cds_service.assessment.citation import Citation
from cds_service.assessment.concepts import ACHILLES, Concept
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.rule import Kind, Rule, Seen, Window
from cds_service.assessment.sources import BOAST, NHS_ICE, NICE_EXERCISE, OURS, RABE
from cds_service.facts import Certainty, Fact

REST, ICE, COMPRESSION, ELEVATION, STRETCHING = "rest", "ice", "compression", "elevation", "gentle stretching"
STEPS = (REST, ICE, COMPRESSION, ELEVATION, STRETCHING)


class Precaution(Rule, frozen=True, eq=False, kw_only=True):
    """A reason to leave a step out, or to mind something: its `label`, in our words.

    `against`: the steps that are withheld for it, each with its source. `minding`: steps that are advised, each with
    what to mind and the source of that. Its own `source` is ours: what it takes as such a reason is our reading.
    One without `needs` holds by what other rules have found of the leg, or by what several share, worked out once for
    all of them: `care` hands it that, where the others are asked like every rule.
    """

    kind: Kind = Kind.PRECAUTION
    source: Citation = OURS
    against: Mapping[str, Citation] = msgspec.field(default_factory=dict)
    minding: Mapping[str, tuple[str, Citation]] = msgspec.field(default_factory=dict)

    @property
    def withheld(self) -> Mapping[str, str]:
        """Why, by step."""
        return {step: f"{self.label}: {_named(source)}" for step, source in self.against.items()}

    @property
    def mind(self) -> Mapping[str, str]:
        """What to mind, by step."""
        return {step: f"{words}, {self.label}: {_named(source)}" for step, (words, source) in self.minding.items()}


def _named(source: Citation) -> str:
    return "own precaution" if source is OURS else source.label


def only_cramp(leg: Leg) -> bool:
    """Is cramp all that is complained of?"""
    return all(fact.concept == Concept.CRAMP for fact in leg.complaint)


def _bleeding(drugs: Sequence[Fact], leg: Leg) -> Seen | None:
    return Seen(drugs) if drugs and not only_cramp(leg) else None


def _bleeding_in_cramp(drugs: Sequence[Fact], leg: Leg) -> Seen | None:
    return Seen(drugs) if drugs and only_cramp(leg) else None


def _numb(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Numbness counts as a sign only where no known disease of the nerves explains it."""
    numb = [*leg.present(Concept.REDUCED_SENSATION), *leg.signs.facts(Concept.NUMBNESS_TINGLING)]
    return Seen(numb) if numb else None


def _tendon_drug(drugs: Sequence[Fact], leg: Leg) -> Seen | None:
    tendon = leg.any_of(Concept.TENDINOPATHY, *ACHILLES) if drugs else []
    return Seen([*tendon, *drugs]) if tendon else None


def _known_clot(clots: Sequence[Fact], _: Record) -> Seen | None:
    confirmed = [fact for fact in clots if fact.certainty is Certainty.CONFIRMED]
    return Seen(confirmed) if confirmed else None


def _child(_: Sequence[Fact], patient: Record) -> Seen | None:
    return Seen() if patient.is_child else None


def _claudication(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    return Seen(facts) if facts and not leg.present(Concept.REST_PAIN) else None


_BY_COMPARTMENT = (
    "On record: a finding that raises the card for compartment syndrome, or an injury of the last {injury_days} days "
    "with severe pain, numbness or weakness."
)

POOR_SUPPLY = Precaution(
    id="poor-supply",
    label="arterial disease, or signs of it",
    says="On record: arterial disease of the legs, acute limb ischaemia however old, vascular disease of unstated "
    "type, claudication, an ankle-brachial index out of range, or what makes the supply critical.",
    against={COMPRESSION: OURS, ICE: NHS_ICE},
)
BYPASS = Precaution(
    id="bypass",
    label="bypass graft, which a bandage could press on",
    says="On record: atherosclerosis of a bypass graft of the leg.",
    needs=(Concept.BYPASS_GRAFT,),
    against={COMPRESSION: RABE},
)
CRITICAL_SUPPLY = Precaution(
    id="critical-supply",
    label="blood supply of the leg may be critical",
    says="On record: rest pain of arterial disease, gangrene, acute limb ischaemia, arterial disease with an ulcer, a "
    "cold leg, an absent pulse, pallor or cyanosis of either leg of the last {finding_days} days, an ankle-brachial "
    "index below {ankle_brachial_severe}.",
    against={ELEVATION: OURS},
)
COMPARTMENT_HEIGHT = Precaution(
    id="compartment-height",
    label="compartment syndrome in question, leg at heart level",
    says=_BY_COMPARTMENT,
    against={ELEVATION: BOAST},
)
COMPARTMENT = Precaution(
    id="compartment",
    label="compartment syndrome in question",
    says=_BY_COMPARTMENT,
    against={COMPRESSION: OURS, ICE: OURS, STRETCHING: OURS},
)
CLOT = Precaution(
    id="clot",
    label="vein thrombosis, known or suspected",
    says="On record: DVT, superficial or unstated vein thrombosis, known or suspected.",
    against={COMPRESSION: OURS, STRETCHING: OURS},
)
POSSIBLE_CLOT = Precaution(
    id="possible-clot",
    label="DVT not excluded",
    says="On record: any finding of the cards for possible DVT, superficial thrombosis, pregnancy, pulmonary embolism "
    "or known DVT; or, beside more than a cramp, a point of the Wells score, a popliteal (Baker) cyst, a raised "
    "D-dimer of the last {finding_days} days or, where the score does not apply, a previous DVT.",
    against={COMPRESSION: OURS, STRETCHING: OURS},
)
POSSIBLE_CLOT_IN_CRAMP = Precaution(
    id="possible-clot-in-cramp",
    label="DVT not excluded beside a cramp",
    says="On record: a point of the Wells score, a popliteal (Baker) cyst, a raised D-dimer of the last {finding_days} "
    "days or, where the score does not apply, a previous DVT, where the only complaint is cramp.",
    against={COMPRESSION: OURS},
)
SWELLING = Precaution(
    id="swelling",
    label="swelling, DVT not excluded",
    says="On record: new swelling of the leg or below the knee.",
    against={COMPRESSION: OURS, STRETCHING: OURS},
)
MUSCLE = Precaution(
    id="muscle",
    label="compartment syndrome not excluded",
    says="On record: rhabdomyolysis, or high creatine kinase.",
    against={COMPRESSION: OURS, ICE: OURS, ELEVATION: OURS},
)
BLEEDING = Precaution(
    id="bleeding",
    label="anticoagulant, bleeding to watch for",
    says="On record: a current anticoagulant and more than a cramp.",
    needs=(Concept.ANTICOAGULANT,),
    when=_bleeding,
    against={COMPRESSION: OURS, STRETCHING: OURS},
)
BLEEDING_IN_CRAMP = Precaution(
    id="bleeding-in-cramp",
    label="cramp under an anticoagulant",
    says="On record: a current anticoagulant where the only complaint is cramp.",
    needs=(Concept.ANTICOAGULANT,),
    when=_bleeding_in_cramp,
    against={COMPRESSION: OURS},
)
COLOUR = Precaution(
    id="colour",
    label="change of colour, blood supply not checked",
    says="On record: a current change of the colour of the skin.",
    needs=(Concept.SKIN_COLOUR,),
    against={COMPRESSION: OURS, ICE: OURS, ELEVATION: OURS},
)
INFECTION = Precaution(
    id="infection",
    label="infection of the leg",
    says="On record: cellulitis or necrotising infection of the leg.",
    needs=(Concept.CELLULITIS, Concept.NECROTISING_INFECTION),
    against={COMPRESSION: OURS, ICE: NHS_ICE},
)
ULCER = Precaution(
    id="ulcer",
    label="ulcer of leg or foot",
    says="On record: chronic ulcer of leg or foot.",
    needs=(Concept.LEG_ULCER,),
    against={COMPRESSION: OURS, ICE: NHS_ICE},
)
SENSATION = Precaution(
    id="sensation",
    label="reduced sensation",
    says="On record: neuropathy, or numbness of the last {finding_days} days.",
    needs=(Concept.REDUCED_SENSATION, Concept.NUMBNESS_TINGLING),
    when=_numb,
    against={COMPRESSION: OURS, ICE: NHS_ICE},
)
RAYNAUD = Precaution(
    id="raynaud",
    label="Raynaud's",
    says="On record: Raynaud's disease, phenomenon or syndrome.",
    needs=(Concept.RAYNAUD,),
    against={ICE: NHS_ICE},
)
COLD_SENSITIVITY = Precaution(
    id="cold-sensitivity",
    label="disease that cold makes worse",
    says="On record: cryoglobulinaemia, urticaria from cold, cold autoimmune haemolytic anaemia.",
    needs=(Concept.COLD_SENSITIVITY,),
    against={ICE: OURS},
)
ALLERGY = Precaution(
    id="allergy",
    label="allergy to latex or adhesives",
    says="On record: allergy to latex or adhesives, as a Condition.",
    needs=(Concept.MATERIAL_ALLERGY,),
    against={COMPRESSION: RABE},
)
HEART_FAILURE = Precaution(
    id="heart-failure",
    label="heart failure, NYHA class not recorded",
    says="On record: heart failure of any kind: Rabe 2020 names NYHA IV, and III without strict indication, and no "
    "code says the class.",
    needs=(Concept.HEART_FAILURE,),
    against={COMPRESSION: RABE},
    minding={ELEVATION: ("lower if it brings on breathlessness", OURS)},
)
TENDON = Precaution(
    id="tendon",
    label="Achilles tendon injury",
    says="On record: rupture or strain of the Achilles tendon within {acute_diagnosis_days} days.",
    needs=ACHILLES,
    windows=(Window("acute_diagnosis_days"),),
    against={STRETCHING: OURS},
)
TENDON_DRUG = Precaution(
    id="tendon-drug",
    label="Achilles tendon under a fluoroquinolone",
    says="On record: Achilles tendinopathy, rupture or strain, and a fluoroquinolone by mouth, vein or unstated route.",
    needs=(Concept.FLUOROQUINOLONE,),
    when=_tendon_drug,
    against={STRETCHING: OURS},
)
TEAR = Precaution(
    id="tear",
    label="muscle strain, a tear is not excluded",
    says="On record: strain of the last {finding_days} days, in which a tear is not excluded.",
    needs=(Concept.STRAIN,),
    windows=(Window("finding_days"),),
    against={STRETCHING: OURS},
)
INJURY = Precaution(
    id="injury",
    label="injury between knee and ankle",
    says="On record: fracture, sprain or crush between knee and ankle of the last {acute_diagnosis_days} days.",
    needs=(Concept.LEG_INJURY,),
    windows=(Window("acute_diagnosis_days"),),
    against={COMPRESSION: OURS, STRETCHING: OURS},
)
CLAUDICATION = Precaution(
    id="claudication",
    label="claudication is treated by supervised walking",
    says="On record: claudication without rest pain.",
    needs=(Concept.CLAUDICATION,),
    when=_claudication,
    against={REST: NICE_EXERCISE},
)
LOW_INDEX = Precaution(
    id="low-index",
    label="abnormal ankle-brachial index, claudication not excluded",
    says="On record: an abnormal ankle-brachial index (AHA/ACC 2024), not beside claudication, a supply that other "
    "entries call critical, or an injury.",
    against={REST: OURS},
)
THROMBOSIS_RISK = Precaution(
    id="thrombosis-risk",
    label="a risk of thrombosis is on record",
    says="On record: a previous DVT or pulmonary embolism, cancer, bed confinement, paralysis, thrombophilia, "
    "oestrogen, obesity, surgery, pregnancy or varicose veins.",
    minding={REST: ("no bed rest", OURS)},
)
KNOWN_CLOT = Precaution(
    id="known-clot",
    label="a DVT is on record",
    says="On record: a confirmed DVT of the leg.",
    needs=(Concept.DVT,),
    when=_known_clot,
    minding={REST: ("no bed rest", OURS)},
)
DIABETES = Precaution(
    id="diabetes",
    label="diabetes",
    says="On record: diabetes.",
    needs=(Concept.DIABETES,),
    minding={ICE: ("only where the skin feels normally", NHS_ICE)},
)
CHILD = Precaution(
    id="child",
    label="a child",
    says="On record: an age under {adult_years}.",
    when=_child,
    minding={ICE: ("at most 10 minutes, through a damp cloth", NHS_ICE)},
)
PREGNANCY = Precaution(
    id="pregnancy",
    label="pregnancy",
    says="On record: pregnancy of the last {pregnancy_days} days.",
    needs=(Concept.PREGNANCY,),
    windows=(Window("pregnancy_days"),),
    minding={ELEVATION: ("late on not flat on the back", OURS)},
)

OF_A_LEG = (
    *(POOR_SUPPLY, BYPASS, CRITICAL_SUPPLY, COMPARTMENT_HEIGHT, COMPARTMENT, CLOT, POSSIBLE_CLOT),
    *(POSSIBLE_CLOT_IN_CRAMP, SWELLING, MUSCLE, BLEEDING, BLEEDING_IN_CRAMP, COLOUR, INFECTION, ULCER, SENSATION),
    *(RAYNAUD, COLD_SENSITIVITY, ALLERGY, HEART_FAILURE, TENDON, TENDON_DRUG, TEAR, INJURY, CLAUDICATION, LOW_INDEX),
)
PRECAUTIONS = (*OF_A_LEG, THROMBOSIS_RISK, KNOWN_CLOT, DIABETES, CHILD, PREGNANCY)
"""All of them, in the order in which their reasons are given."""
