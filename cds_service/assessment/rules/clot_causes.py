"""Causes of calf pain in the veins, and the cyst that resembles them."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import EMBOLISM_SYMPTOMS, INJURIES, SUPERFICIAL_VEINS, Concept
from cds_service.assessment.d_dimer import raised_lately
from cds_service.assessment.diagnoses import clot_can_cause, pregnant_or_postpartum
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Kind, Rule, Seen, Window
from cds_service.assessment.sources import BAKER_CYST, NICE_DVT, PE_SYMPTOMS, SUPERFICIAL_VEIN
from cds_service.assessment.wells import WELLS_CONCEPTS
from cds_service.facts import Certainty, Fact, Side

OTHER_CAUSE = (
    "what stands beside it can cause the same; it leaves DVT open, and lowers the Wells score only if judged at least "
    "as likely"
)
OUTSIDE_WELLS = (
    "outside NG158 and its score in pregnancy and the weeks after birth, RCOG 37b goes to compression ultrasound"
)
DEPTH_UNKNOWN = "the entry does not say whether the vein is deep"
CYST_AND_CLOT = "a known cyst leaves DVT open, both can be there"
_LIKE_A_CLOT = (Concept.BAKER_CYST, Concept.CELLULITIS, *INJURIES)


def _embolism(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    """A confirmed one under an anticoagulant is a known and treated disease, unless it has symptoms again."""
    recorded = [fact for fact in facts if fact.concept == Concept.PULMONARY_EMBOLISM]
    symptoms = [fact for fact in facts if fact.concept in EMBOLISM_SYMPTOMS]
    if leg.anticoagulants() and not symptoms:
        recorded = [fact for fact in recorded if fact.certainty is Certainty.SUSPECTED]
    if not recorded and not (symptoms and clot_can_cause(leg.complaint)):
        return None
    return Seen([*recorded, *symptoms, *leg.present(Concept.DVT)], missing=("respiratory rate",))


def _deep_vein(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """A confirmed DVT is no possible cause any more: it is the diagnosis."""
    if leg.confirmed(Concept.DVT):
        return None
    swelling = leg.new(Concept.SWELLING)
    pregnant = pregnant_or_postpartum(leg) if leg.wells is None else ()
    supporting = [
        *leg.any_of(Concept.DVT, Concept.LEG_VEIN_THROMBOSIS),
        *_one_sided(swelling),
        *raised_lately(leg),
        *(leg.wells.evidence if leg.wells is not None else pregnant),
    ]
    if not supporting:
        return None
    other = leg.any_of(*_LIKE_A_CLOT)
    bilateral = [fact for fact in swelling if fact.side is Side.BOTH]
    denied = () if swelling else leg.absent(Concept.SWELLING)
    measured = leg.unless_told("both calves measured", Concept.CALF_CIRCUMFERENCE)
    return Seen(
        supporting,
        against=[*bilateral, *denied],
        beside=other,
        note=OUTSIDE_WELLS if pregnant else OTHER_CAUSE if other else "",
        missing=("tenderness along the deep veins", *measured),
    )


def _superficial_vein(recorded: Sequence[Fact], leg: Leg) -> Seen | None:
    if not recorded:
        return None
    unclear = any(fact.concept == Concept.LEG_VEIN_THROMBOSIS for fact in recorded)
    return Seen(
        [*recorded, *leg.present(Concept.VARICOSE_VEINS)],
        note=DEPTH_UNKNOWN if unclear else "",
        missing=("length of the clot", "distance from the junction with the deep veins"),
    )


def _ruptured_cyst(cyst: Sequence[Fact], leg: Leg) -> Seen | None:
    if not cyst:
        return None
    signs = _one_sided(leg.new(Concept.SWELLING, Concept.SKIN_COLOUR))
    sudden = [fact for fact in leg.new(Concept.PAIN) if fact.sudden]
    return Seen(
        [*cyst, *signs, *sudden],
        note=CYST_AND_CLOT,
        missing=leg.unless_told("a bruise at the ankle", Concept.SKIN_COLOUR),
    )


def _one_sided(facts: Sequence[Fact]) -> Sequence[Fact]:
    """Those of one leg, or that may be."""
    return [fact for fact in facts if fact.side is not Side.BOTH]


EMBOLISM_CAUSE = Rule(
    id="pattern-pulmonary-embolism",
    kind=Kind.CAUSE,
    label="Pulmonary embolism",
    source=PE_SYMPTOMS,
    says="Embolism of the last {thrombosis_days} days or undated, under an anticoagulant only if suspected or beside "
    "symptoms; or its symptoms of the last {embolism_symptom_days} days beside a complaint that a clot can cause.",
    needs=(Concept.PULMONARY_EMBOLISM, *EMBOLISM_SYMPTOMS),
    windows=(
        Window("thrombosis_days", (Concept.PULMONARY_EMBOLISM,)),
        Window("embolism_symptom_days", EMBOLISM_SYMPTOMS),
    ),
    when=_embolism,
)
DEEP_VEIN_CAUSE = Rule(
    id="pattern-deep-vein-thrombosis",
    kind=Kind.CAUSE,
    label="Deep vein thrombosis of the leg",
    source=NICE_DVT,
    says="Suspected DVT, thrombosis of a leg vein whose depth is not stated, new swelling that is not of both legs, a "
    "raised D-dimer of the last {laboratory_days} days, "
    "an item of the Wells score, or, where that does not apply, pregnancy or the {postpartum_days} days after it. Not "
    "where a DVT is confirmed.",
    needs=tuple(
        dict.fromkeys(
            (
                *(Concept.DVT, Concept.LEG_VEIN_THROMBOSIS, Concept.SWELLING, Concept.D_DIMER),
                *WELLS_CONCEPTS,
                *(Concept.PREGNANCY, Concept.POSTPARTUM),
            )
        )
    ),
    when=_deep_vein,
)
SUPERFICIAL_CAUSE = Rule(
    id="pattern-superficial-vein-thrombosis",
    kind=Kind.CAUSE,
    label="Superficial vein thrombosis",
    source=SUPERFICIAL_VEIN,
    says="Recorded; thrombosis of a leg vein whose depth is not stated fits too. Varicose veins weigh beside it.",
    needs=SUPERFICIAL_VEINS,
    when=_superficial_vein,
)
CYST_CAUSE = Rule(
    id="pattern-ruptured-baker-cyst",
    kind=Kind.CAUSE,
    label="Ruptured popliteal (Baker) cyst",
    source=BAKER_CYST,
    says="A popliteal cyst on record; one-sided swelling, change of colour and sudden pain weigh beside it.",
    needs=(Concept.BAKER_CYST,),
    when=_ruptured_cyst,
)

CAUSES = (EMBOLISM_CAUSE, DEEP_VEIN_CAUSE, SUPERFICIAL_CAUSE, CYST_CAUSE)
