"""Patterns of the arteries: acute and chronic limb-threatening ischaemia, arterial disease, popliteal aneurysm."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.assessment import diagnoses
from cds_service.assessment.ankle_brachial import CONCEPT, Band, in_bands, indices
from cds_service.assessment.criteria import Presentation
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import (
    COLD,
    NUMBNESS,
    PALLOR,
    PERFUSION,
    PULSE,
    SIGNS,
    WEAKNESS,
    Signs,
    signs_within,
)
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.rules import once
from cds_service.assessment.sources import ACC_ANEURYSM, AHA_ABI, AHA_PAD, CLTI
from cds_service.code_systems import SNOMED
from cds_service.facts import Fact

_LOOKED_FOR = {
    PULSE: "pulses",
    COLD: "temperature",
    PALLOR: "colour",
    NUMBNESS: "sensation",
    WEAKNESS: "strength",
}
_THREATENING = ("rest-pain", "gangrene")
_SUPPLY = ("arterial-disease", "vascular-disease")
_NEUROGENIC = ("neurogenic-claudication", "lumbar-stenosis")

POPLITEAL = (SNOMED, "48273005")
WHICH_ARTERY = "the entry may be of the popliteal or the femoral artery"
INDEX_UNKNOWN = "ankle-brachial index of this leg"


def acute_limb_ischaemia(leg: Leg, presentation: Presentation) -> Fit | None:
    """Recorded or suspected, or a sign of lacking perfusion of the last 14 days; nerve signs weigh beside these."""
    recorded = diagnoses.acute_limb_ischaemia(leg)
    signs = signs_within(leg, leg.thresholds.limb_ischaemia_sign_days)
    if not recorded and not signs.facts(*PERFUSION):
        return None
    denied = [fact for kind in PERFUSION if kind not in signs.by_kind for fact in leg.absent(kind.id)]
    return Fit(once([*recorded, *signs.facts()]), once(denied), missing=_unseen(leg, signs))


def chronic_limb_threatening_ischaemia(leg: Leg, presentation: Presentation) -> Fit | None:
    """Rest pain of arterial disease or gangrene, of whatever duration; an abnormal index weighs beside them."""
    threatening = leg.any_of(*_THREATENING)
    if not threatening:
        return None
    found = indices(leg)
    supporting = [*threatening, *leg.any_of("arterial-disease"), *in_bands(found, Band.ABNORMAL)]
    missing = ("an ulcer of over 2 weeks", *(() if found else (INDEX_UNKNOWN,)))
    return Fit(once(supporting), once(in_bands(found, Band.NORMAL)), _note(found), missing)


def arterial_disease(leg: Leg, presentation: Presentation) -> Fit | None:
    """Claudication, arterial disease on record, or an index that is abnormal or not compressible.

    Rest pain and gangrene speak for its limb-threatening form, which then stands for it.
    """
    found = indices(leg)
    recorded = [*leg.any_of("claudication", *_SUPPLY), *in_bands(found, Band.ABNORMAL, Band.NONCOMPRESSIBLE)]
    if not recorded or leg.any_of(*_THREATENING):
        return None
    supporting = [*recorded, *leg.new("pulse-absent"), *in_bands(found, Band.BORDERLINE)]
    against = [*in_bands(found, Band.NORMAL), *leg.any_of(*_NEUROGENIC)]
    missing = [INDEX_UNKNOWN] if not found else []
    if not leg.present("claudication"):
        missing.insert(0, "whether walking brings the pain on and rest relieves it")
    return Fit(once(supporting), once(against), _note(found), tuple(missing))


def popliteal_aneurysm(leg: Leg, presentation: Presentation) -> Fit | None:
    """An aneurysm of a leg artery on record; signs of lacking perfusion and claudication weigh beside it."""
    aneurysm = leg.present("leg-aneurysm")
    if not aneurysm:
        return None
    supporting = [*aneurysm, *presentation.signs.facts(*PERFUSION), *leg.any_of("claudication", "rest-pain")]
    note = "" if all(POPLITEAL in fact.codes for fact in aneurysm) else WHICH_ARTERY
    return Fit(once(supporting), note=note, missing=("the popliteal pulses of both legs",))


PATTERNS = (
    Pattern(
        "acute-limb-ischaemia",
        "Acute limb ischaemia",
        AHA_PAD,
        ("acute-limb-ischaemia", *(sign.id for sign in PERFUSION)),
        acute_limb_ischaemia,
    ),
    Pattern(
        "chronic-limb-threatening-ischaemia",
        "Chronic limb-threatening ischaemia",
        CLTI,
        _THREATENING,
        chronic_limb_threatening_ischaemia,
    ),
    Pattern("popliteal-aneurysm", "Popliteal artery aneurysm", ACC_ANEURYSM, ("leg-aneurysm",), popliteal_aneurysm),
    Pattern(
        "peripheral-arterial-disease",
        "Peripheral arterial disease, claudication",
        AHA_ABI,
        ("claudication", *_SUPPLY, CONCEPT),
        arterial_disease,
    ),
)


def _unseen(leg: Leg, signs: Signs) -> tuple[str, ...]:
    """The kinds of sign that the record neither shows nor denies."""
    return tuple([_LOOKED_FOR[kind] for kind in SIGNS if kind not in signs.by_kind and not leg.absent(kind.id)])


def _note(found: Mapping[Fact, Band]) -> str:
    """What the bands of the indices mean, each once."""
    return "; ".join(dict.fromkeys([band.value for band in found.values()]))
