"""Findings of the warning row, beside the red flags. Each function: (leg, presentation) -> findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cds_service.assessment import diagnoses
from cds_service.assessment.criteria import Criterion, Presentation
from cds_service.assessment.critical import medicines_note
from cds_service.assessment.d_dimer import raised_lately
from cds_service.assessment.laboratory import is_below
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import SIGNS
from cds_service.assessment.pain import new_pains
from cds_service.assessment.red_flags import SEVERE
from cds_service.assessment.rules import Finding, Level, Rule, found
from cds_service.assessment.sources import (
    AAOS,
    AHA_PAD,
    CLTI,
    NICE_CELLULITIS,
    NICE_DVT,
    OURS,
    POTASSIUM,
    RCOG,
)
from cds_service.assessment.wells import WELLS_CONCEPTS
from cds_service.facts import Fact, Site

SUSPECTED_DVT = Rule("suspected-dvt", "Suspected DVT on record", NICE_DVT, "possible-dvt")
D_DIMER = Rule("d-dimer", "Raised D-dimer", NICE_DVT, "possible-dvt")
WELLS = Rule("wells", "Two-level Wells from the record", NICE_DVT, "possible-dvt")
PREGNANCY = Rule("pregnancy", "Calf pain in pregnancy or the weeks after birth", RCOG, "pregnancy")
TREATED = Rule("treated-thrombosis", "Complaint newer than a known DVT or PE on an anticoagulant", OURS, "known-dvt")
UNTREATED = Rule("old-thrombosis", "DVT or PE active on record, not known to be recent", OURS, "known-dvt")
SUPERFICIAL = Rule("superficial-thrombosis", "Superficial leg vein thrombosis", OURS, "superficial-thrombosis")
CLAUDICATION = Rule("claudication", "Claudication", AHA_PAD, "arterial")
REST_PAIN = Rule("arterial-rest-pain", "Rest pain of arterial disease", CLTI, "arterial-rest-pain")
LASTING_GANGRENE = Rule("lasting-gangrene", "Gangrene of the leg", CLTI, "arterial-rest-pain")
ARTERIAL = Rule("arterial-disease", "Arterial or vascular disease with calf pain", AHA_PAD, "arterial")
ACHILLES = Rule("achilles-rupture", "Achilles tendon rupture", AAOS, "achilles")
ACHILLES_STRAIN = Rule("achilles-strain", "Achilles tendon strain, rupture not excluded", AAOS, "achilles")
CELLULITIS = Rule("cellulitis", "Cellulitis of the leg", NICE_CELLULITIS, "infection")
BLEEDING = Rule("severe-pain-anticoagulant", "Severe pain under an anticoagulant", OURS, "bleeding")
POTASSIUM_LOW = Rule("potassium", "Low potassium", POTASSIUM, "potassium")

_POOR_SUPPLY = ("arterial-disease", "leg-aneurysm", "vascular-disease")

TYPE_UNKNOWN = "type of vascular disease not stated"
PREGNANT, DELIVERED = "Calf pain in pregnancy", "Calf pain in the weeks after birth"
OLD_ISCHAEMIA = "Earlier acute limb ischaemia with calf pain"
ANEURYSM = "Aneurysm of a leg artery with calf pain"
ONLY_DVT, ONLY_EMBOLISM, BOTH = "DVT", "PE", "DVT or PE"
"""What to call a known thrombosis, by what of the two is on record."""


def limb_threat_sign(leg: Leg, presentation: Presentation) -> list[Finding]:
    """One limb-threat sign of the last 30 days."""
    return [
        finding for kind, facts in presentation.signs.by_kind.items() for finding in found(kind, Level.WARNING, facts)
    ]


def possible_thrombosis(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Suspected DVT; a raised D-dimer of the last 7 days."""
    return [
        *found(SUSPECTED_DVT, Level.WARNING, leg.suspected("dvt")),
        *found(D_DIMER, Level.WARNING, raised_lately(leg)),
    ]


def likely_thrombosis(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Wells 2 or more from the record."""
    score = presentation.wells
    if score is None or score.points < leg.thresholds.wells_likely_points:
        return []
    return found(WELLS, Level.WARNING, score.evidence)


def superficial_thrombosis(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Superficial vein thrombosis, and leg vein thrombosis whose depth is not stated."""
    return found(SUPERFICIAL, Level.WARNING, diagnoses.superficial_thrombosis(leg))


def known_thrombosis(leg: Leg, presentation: Presentation) -> list[Finding]:
    """A treated DVT or PE with a newer complaint; one coded active for over 90 days without an anticoagulant."""
    embolism = leg.confirmed("pulmonary-embolism")
    thrombosis = [*leg.confirmed("dvt"), *embolism]
    treatment = leg.anticoagulants()
    if treatment:
        ended = _first_end(thrombosis)
        newer = [
            fact
            for fact in presentation.complaint
            if thrombosis and fact.concept != "dvt" and _may_be_newer(fact, ended)
        ]
        label = TREATED.label.replace(BOTH, _which(thrombosis))
        return found(TREATED, Level.WARNING, [*newer, *thrombosis, *treatment] if newer else [], label=label)
    acute = set(leg.within([fact for fact in embolism if fact.when is not None], leg.thresholds.thrombosis_days))
    old = [*diagnoses.old_thrombosis(leg), *(fact for fact in embolism if fact not in acute)]
    chronic = diagnoses.coded_chronic(leg)
    coded = "coded as chronic; " if old and all(fact.source in chronic for fact in old) else ""
    return found(UNTREATED, Level.WARNING, old, coded + medicines_note(leg), _old_label(leg, old))


def _which(facts: Sequence[Fact]) -> str:
    concepts = {fact.concept for fact in facts}
    return ONLY_DVT if concepts == {"dvt"} else ONLY_EMBOLISM if concepts == {"pulmonary-embolism"} else BOTH


def _old_label(leg: Leg, facts: Sequence[Fact]) -> str:
    """Which of the two is on record, and how old it is if that is known."""
    days = leg.thresholds.thrombosis_days
    is_old = len(leg.older_than(facts, days)) == len(facts)
    return f"{_which(facts)} active on record, " + (f"over {days} days old" if is_old else "not known to be recent")


def pregnancy(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Pregnant, or in the weeks after birth, with calf pain that is not coded as cramp."""
    pains = new_pains(leg, Site.LOWER_LEG)
    state = diagnoses.pregnant_or_postpartum(leg)
    label = DELIVERED if diagnoses.is_after_birth(state) else PREGNANT
    return found(PREGNANCY, Level.WARNING, [*state, *pains] if state and pains else [], label=label)


def arterial(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Claudication; rest pain of arterial disease; with calf pain arterial disease, gangrene, a leg aneurysm, or an
    acute ischaemia that is over 30 days old. New gangrene is one of the critical row.
    """
    pains = new_pains(leg, Site.LOWER_LEG)
    with_pain = [*leg.any_of(*_POOR_SUPPLY), *diagnoses.old_limb_ischaemia(leg)] if pains else []
    new = set(diagnoses.new_gangrene(leg))
    lasting = [fact for fact in leg.present("gangrene") if fact not in new] if pains else []
    unclear = bool(with_pain) and all(fact.concept == "vascular-disease" for fact in with_pain)
    return [
        *found(REST_PAIN, Level.WARNING, leg.present("rest-pain")),
        *found(LASTING_GANGRENE, Level.WARNING, lasting),
        *found(CLAUDICATION, Level.WARNING, leg.present("claudication")),
        *found(ARTERIAL, Level.WARNING, with_pain, TYPE_UNKNOWN if unclear else "", _arterial_label(with_pain)),
    ]


def _arterial_label(facts: Sequence[Fact]) -> str:
    """What the rule's own name would hide."""
    concepts = {fact.concept for fact in facts}
    if "acute-limb-ischaemia" in concepts:
        return OLD_ISCHAEMIA
    return ANEURYSM if concepts == {"leg-aneurysm"} else ""


def tendon(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Achilles rupture within 6 weeks. ICD-10-CM files a traumatic rupture under strain, so a strain counts too."""
    return found(ACHILLES, Level.WARNING, diagnoses.achilles_rupture(leg)) or found(
        ACHILLES_STRAIN, Level.WARNING, diagnoses.achilles_strain(leg)
    )


def infection(leg: Leg, presentation: Presentation) -> list[Finding]:
    return found(CELLULITIS, Level.WARNING, leg.present("cellulitis"))


def bleeding(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Severe pain under an anticoagulant. Its card names bleeding into the calf and compartment syndrome."""
    severe, treatment = presentation.severe_pain, leg.anticoagulants()
    evidence = [*severe, *treatment] if severe and treatment else []
    return found(BLEEDING, Level.WARNING, evidence, presentation.flags[SEVERE.id].note)


def low_potassium(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Potassium below 2.5 mmol/L within 7 days."""
    recent = leg.surely_within(leg.present("potassium"), leg.thresholds.laboratory_days)
    limit = leg.thresholds.potassium_mmol_per_litre
    low = [fact for fact in recent if is_below(fact.quantity, limit)]
    return found(POTASSIUM_LOW, Level.WARNING, low, f"below {limit:g} mmol/L")


WARNING = (
    Criterion(limb_threat_sign, SIGNS, needs=tuple(sign.id for sign in SIGNS)),
    Criterion(possible_thrombosis, (SUSPECTED_DVT, D_DIMER), needs=("dvt", "d-dimer")),
    Criterion(likely_thrombosis, (WELLS,), needs=WELLS_CONCEPTS),
    Criterion(pregnancy, (PREGNANCY,), needs=("pregnancy", "postpartum")),
    Criterion(superficial_thrombosis, (SUPERFICIAL,), needs=("superficial-vein-thrombosis", "leg-vein-thrombosis")),
    Criterion(known_thrombosis, (TREATED, UNTREATED), needs=("dvt", "pulmonary-embolism")),
    Criterion(
        arterial,
        (REST_PAIN, LASTING_GANGRENE, CLAUDICATION, ARTERIAL),
        needs=("rest-pain", "gangrene", "claudication", "acute-limb-ischaemia", *_POOR_SUPPLY),
    ),
    Criterion(tendon, (ACHILLES, ACHILLES_STRAIN), needs=("achilles-rupture", "achilles-strain")),
    Criterion(infection, (CELLULITIS,), needs=("cellulitis",)),
    Criterion(bleeding, (BLEEDING,), needs=("anticoagulant",)),
    Criterion(low_potassium, (POTASSIUM_LOW,), needs=("potassium",)),
)


def _first_end(known: Sequence[Fact]) -> datetime | None:
    """The latest moment of the one that ended first; None where one of them has no date."""
    ends = [fact.when.last for fact in known if fact.when is not None]
    return min(ends, default=None) if len(ends) == len(known) else None


def _may_be_newer(fact: Fact, ended: datetime | None) -> bool:
    return fact.when is None or ended is None or fact.when.first > ended
