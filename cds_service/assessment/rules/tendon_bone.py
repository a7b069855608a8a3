"""Tendon and bone: Achilles rupture, strain and tendinopathy, also under a fluoroquinolone, and stress fracture."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import ACHILLES, WEAKNESS, Concept
from cds_service.assessment.diagnoses import achilles_rupture, passing_diagnosis
from cds_service.assessment.pain import new_pains
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Kind, Level, Rule, Seen, Window
from cds_service.assessment.sources import AAOS, FLUOROQUINOLONE, GUIDANCE, STRESS_FRACTURE
from cds_service.facts import Fact, Site

STILL_WALKS = "walking can stay possible and a gap is often not felt"
FILED_AS_STRAIN = "ICD-10-CM files a traumatic rupture under strain"
OLDER = "over {years}, which FDA names as a further risk"
UNCLEAR_RISE = "activity is on record, not whether it rose"
_NEARER = (*ACHILLES, Concept.STRAIN, Concept.CONTUSION, Concept.CRAMP, Concept.TENDINOPATHY)
_MEDICINES = (Concept.FLUOROQUINOLONE, Concept.CORTICOSTEROID)


def _recorded_rupture(ruptures: Sequence[Fact], leg: Leg) -> Seen | None:
    return passing_diagnosis(ruptures, leg.thresholds.achilles_days, leg)


def _strain_alone(strains: Sequence[Fact], leg: Leg) -> Seen | None:
    return None if achilles_rupture(leg) else passing_diagnosis(strains, leg.thresholds.achilles_days, leg)


def _rupture(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    """AAOS 2009: two or more of four tests. That the patient can walk is no evidence against it."""
    if not facts:
        return None
    is_named = any(fact.concept == Concept.ACHILLES_RUPTURE for fact in facts)
    return Seen(
        [*facts, *leg.any_of(Concept.LIMB_WEAKNESS, Concept.MUSCLE_WEAKNESS, *_MEDICINES)],
        note=STILL_WALKS if is_named else f"{FILED_AS_STRAIN}; {STILL_WALKS}",
        missing=(
            "calf squeeze (Thompson) test",
            *leg.unless_told("strength of plantar flexion", *WEAKNESS),
            "gap in the tendon",
            "passive dorsiflexion",
        ),
    )


def _fluoroquinolone(medicines: Sequence[Fact], leg: Leg) -> Seen | None:
    tendon = leg.any_of(*ACHILLES, Concept.TENDINOPATHY)
    pains = new_pains(leg, Site.LOWER_LEG, Site.ANKLE)
    if not medicines or not (tendon or pains):
        return None
    years = leg.thresholds.fluoroquinolone_age_years
    return Seen(
        [*tendon, *medicines, *leg.present(Concept.CORTICOSTEROID), *pains],
        note=OLDER.format(years=years) if leg.age is not None and leg.age[0] > years else "",
        missing=() if tendon else ("whether the pain is in the Achilles tendon",),
    )


def _tendon_under_fluoroquinolone(medicines: Sequence[Fact], leg: Leg) -> Seen | None:
    tendon = [fact for fact in leg.complaint if fact.concept == Concept.TENDINOPATHY]
    past = leg.past(Concept.FLUOROQUINOLONE)
    days = leg.thresholds.fluoroquinolone_days
    given = [*medicines, *leg.within([fact for fact in past if fact.when is not None], days)]
    return Seen([*tendon, *given, *leg.present(Concept.CORTICOSTEROID)]) if tendon and given else None


def _tendinopathy(coded: Sequence[Fact], leg: Leg) -> Seen | None:
    if not coded or leg.any_of(*ACHILLES):
        return None
    return Seen(coded, missing=("tenderness of the tendon", "calf squeeze (Thompson) test"))


def _stress_fracture(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    missing = ("tenderness of the bone at one point", "imaging of the bone")
    coded = any(fact.concept == Concept.STRESS_FRACTURE for fact in facts)
    pains = new_pains(leg, Site.LOWER_LEG)
    if coded:
        return Seen([*facts, *pains], missing=missing)
    if not facts or not pains or leg.any_of(*_NEARER):
        return None
    return Seen([*facts, *pains, *leg.new(Concept.SWELLING)], note=UNCLEAR_RISE, missing=missing)


RUPTURE = Rule(
    id="achilles-rupture",
    kind=Kind.FINDING,
    label="Achilles tendon rupture",
    source=AAOS,
    says="Recorded or suspected: begun or recorded within {alone_days} days, beside another complaint of that leg "
    "within {achilles_days} days or undated.",
    needs=(Concept.ACHILLES_RUPTURE,),
    level=Level.WARNING,
    card="achilles",
    when=_recorded_rupture,
)
STRAIN = Rule(
    id="achilles-strain",
    kind=Kind.FINDING,
    label="Achilles tendon strain, rupture not excluded",
    source=AAOS,
    says="Recorded or suspected: begun or recorded within {alone_days} days, beside another complaint of that leg "
    "within {achilles_days} days or undated; without such a rupture: ICD-10-CM files a rupture under strain.",
    needs=(Concept.ACHILLES_STRAIN,),
    level=Level.WARNING,
    card="achilles",
    when=_strain_alone,
)
RUPTURE_CAUSE = Rule(
    id="pattern-achilles-rupture",
    kind=Kind.CAUSE,
    label="Achilles tendon rupture",
    source=AAOS,
    says="A rupture or strain of the Achilles tendon within {achilles_days} days or undated. Nothing in a record "
    "speaks against a rupture.",
    needs=ACHILLES,
    windows=(Window("achilles_days"),),
    when=_rupture,
)
UNDER_FLUOROQUINOLONE = Rule(
    id="fluoroquinolone-tendon",
    kind=Kind.FINDING,
    label="Achilles tendinopathy beside a fluoroquinolone",
    source=FLUOROQUINOLONE,
    says="Achilles tendinopathy as a complaint, and a fluoroquinolone by mouth or vein, or of unstated route, that is "
    "current or was ordered within {fluoroquinolone_days} days. A systemic corticosteroid weighs beside it.",
    needs=(Concept.FLUOROQUINOLONE,),
    level=Level.WARNING,
    card="fluoroquinolone-tendon",
    when=_tendon_under_fluoroquinolone,
)
FLUOROQUINOLONE_CAUSE = Rule(
    id="pattern-fluoroquinolone-tendon",
    kind=Kind.CAUSE,
    label="Achilles tendon trouble under a fluoroquinolone",
    source=FLUOROQUINOLONE,
    says="A fluoroquinolone by mouth or vein, or of unstated route (an ingredient code gives none), beside an Achilles "
    "complaint, or new pain of calf or ankle.",
    needs=(Concept.FLUOROQUINOLONE,),
    when=_fluoroquinolone,
)
TENDINOPATHY_CAUSE = Rule(
    id="pattern-achilles-tendinopathy",
    kind=Kind.CAUSE,
    label="Achilles tendinopathy",
    source=GUIDANCE,
    says="Achilles tendinopathy on record, unless a rupture or strain of the tendon is.",
    needs=(Concept.TENDINOPATHY,),
    when=_tendinopathy,
)
STRESS_FRACTURE_CAUSE = Rule(
    id="pattern-tibial-stress-fracture",
    kind=Kind.CAUSE,
    label="Stress fracture of tibia or fibula",
    source=STRESS_FRACTURE,
    says="Coded within {acute_diagnosis_days} days or undated; or new pain between knee and ankle beside much "
    "activity, if no nearer cause is coded.",
    needs=(Concept.STRESS_FRACTURE, Concept.MUCH_ACTIVITY),
    windows=(Window("acute_diagnosis_days", (Concept.STRESS_FRACTURE,)),),
    when=_stress_fracture,
)

WARNING = (RUPTURE, STRAIN, UNDER_FLUOROQUINOLONE)
CAUSES = (RUPTURE_CAUSE, FLUOROQUINOLONE_CAUSE, TENDINOPATHY_CAUSE, STRESS_FRACTURE_CAUSE)
