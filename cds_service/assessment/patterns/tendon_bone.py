"""Causes in tendon and bone: Achilles rupture and tendinopathy, also under a fluoroquinolone, and stress fracture."""

from __future__ import annotations

from cds_service.assessment import diagnoses
from cds_service.assessment.criteria import Presentation
from cds_service.assessment.leg import Leg
from cds_service.assessment.pain import new_pains
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.sources import AAOS, FLUOROQUINOLONE, GUIDANCE, STRESS_FRACTURE
from cds_service.facts import Site

RISK_AGE_YEARS = 60  # FDA 2008: the risk is higher over 60
STILL_WALKS = "walking can stay possible and a gap is often not felt"
FILED_AS_STRAIN = "ICD-10-CM files a traumatic rupture under strain"
OLDER = "over 60, which FDA names as a further risk"
UNCLEAR_RISE = "activity is on record, not whether it rose"
_NEARER = ("strain", "achilles-strain", "achilles-rupture", "contusion", "cramp", "tendinopathy")


def achilles_rupture(leg: Leg, presentation: Presentation) -> Fit | None:
    """A rupture or strain of the Achilles tendon within 6 weeks. Nothing in a record speaks against a rupture.

    Source: AAOS 2009, two or more of four tests. That the patient can walk is no evidence against it.
    """
    ruptures = diagnoses.achilles_rupture(leg)
    strains = diagnoses.achilles_strain(leg)
    if not ruptures and not strains:
        return None
    weakness = leg.any_of("limb-weakness", "muscle-weakness")
    risks = leg.any_of("fluoroquinolone", "corticosteroid")
    missing = (
        "calf squeeze (Thompson) test",
        *(() if weakness else ("strength of plantar flexion",)),
        "gap in the tendon",
        "passive dorsiflexion",
    )
    note = STILL_WALKS if ruptures else f"{FILED_AS_STRAIN}; {STILL_WALKS}"
    return Fit((*ruptures, *strains, *weakness, *risks), note=note, missing=missing)


def fluoroquinolone_tendon(leg: Leg, presentation: Presentation) -> Fit | None:
    """A fluoroquinolone by mouth or vein beside an Achilles complaint, or new pain of calf or ankle."""
    medicines = leg.present("fluoroquinolone")
    if not medicines:
        return None
    tendon = leg.any_of("achilles-rupture", "achilles-strain", "tendinopathy")
    pains = new_pains(leg, Site.LOWER_LEG, Site.ANKLE)
    if not tendon and not pains:
        return None
    note = OLDER if leg.age is not None and leg.age[0] > RISK_AGE_YEARS else ""
    missing = () if tendon else ("whether the pain is in the Achilles tendon",)
    return Fit((*tendon, *medicines, *leg.present("corticosteroid"), *pains), note=note, missing=missing)


def tendinopathy(leg: Leg, presentation: Presentation) -> Fit | None:
    """Achilles tendinopathy on record, unless a rupture or strain of the tendon is."""
    coded = leg.present("tendinopathy")
    if not coded or leg.any_of("achilles-rupture", "achilles-strain"):
        return None
    return Fit(tuple(coded), missing=("tenderness of the tendon", "calf squeeze (Thompson) test"))


def stress_fracture(leg: Leg, presentation: Presentation) -> Fit | None:
    """Coded within 90 days; or new pain between knee and ankle beside much activity, if no nearer cause is coded."""
    missing = ("tenderness of the bone at one point", "imaging of the bone")
    coded = leg.within(leg.present("stress-fracture"), leg.thresholds.acute_diagnosis_days)
    activity = leg.present("much-activity")
    pains = new_pains(leg, Site.LOWER_LEG)
    if coded:
        return Fit((*coded, *activity, *pains), missing=missing)
    if not activity or not pains or leg.any_of(*_NEARER):
        return None
    return Fit((*activity, *pains, *leg.new("swelling")), note=UNCLEAR_RISE, missing=missing)


PATTERNS = (
    Pattern(
        "achilles-rupture",
        "Achilles tendon rupture",
        AAOS,
        needs=("achilles-rupture", "achilles-strain"),
        judge=achilles_rupture,
    ),
    Pattern(
        "fluoroquinolone-tendon",
        "Achilles tendon trouble under a fluoroquinolone",
        FLUOROQUINOLONE,
        needs=("fluoroquinolone",),
        judge=fluoroquinolone_tendon,
    ),
    Pattern("achilles-tendinopathy", "Achilles tendinopathy", GUIDANCE, needs=("tendinopathy",), judge=tendinopathy),
    Pattern(
        "tibial-stress-fracture",
        "Stress fracture of tibia or fibula",
        STRESS_FRACTURE,
        needs=("stress-fracture", "much-activity"),
        judge=stress_fracture,
    ),
)
