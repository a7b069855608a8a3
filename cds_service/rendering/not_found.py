"""What a card calls missing: derived from the same record as its evidence, so that the two never disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_service.assessment.concepts import NERVE, Concept
from cds_service.assessment.diagnoses import unknown_medicines
from cds_service.assessment.signs import SIGNS
from cds_service.rendering.case import Case, Say
from cds_service.rendering.holes import red_flags_not_asked
from cds_service.rendering.words import quoted

_LOOKED_FOR = {
    Concept.PULSE_ABSENT: "pulses",
    Concept.COLD_LIMB: "temperature",
    Concept.PALLOR_CYANOSIS: "colour",
    Concept.NUMBNESS_TINGLING: "sensation",
    Concept.LIMB_WEAKNESS: "strength",
}


def _anticoagulant(case: Case) -> str:
    record = case.assessment.record
    if record.anticoagulants():
        return ""
    if unknown_medicines(record.chart):
        called = [quoted(words) for words, _source in record.chart.unread_medicines if words][:1]
        return f"whether an anticoagulant is taken{f': see {called[0]}' if called else ''}"
    return "anticoagulant order (outside prescriptions not seen)"


def _signs(case: Case) -> str:
    return _not_looked_for(SIGNS, case)


def _nerve_signs(case: Case) -> str:
    return _not_looked_for(NERVE, case)


def _not_looked_for(kinds: Iterable[Concept], case: Case) -> str:
    """Those that the record neither shows nor denies."""
    record = case.assessment.record
    return ", ".join([_LOOKED_FOR[kind] for kind in kinds if not record.present(kind) and not record.absent(kind)])


def _ankle_brachial_index(case: Case) -> str:
    return "" if case.assessment.indices else "ankle-brachial index"


def _d_dimer(case: Case) -> str:
    return "" if any(reading.current for reading in case.assessment.d_dimers) else "D-dimer of the last 7 days"


def _wells(case: Case) -> str:
    score = case.assessment.wells
    return "bedside Wells items" if score is not None and score.unknown else ""


def _scan(case: Case) -> str:
    return "" if case.assessment.record.present(Concept.LEG_VEIN_ULTRASOUND) else "leg vein scan"


def _creatine_kinase(case: Case) -> str:
    return "" if case.assessment.record.present(Concept.CREATINE_KINASE) else "creatine kinase"


NOT_FOUND: Mapping[str, Say] = {
    "anticoagulant": _anticoagulant,
    "signs": _signs,
    "nerve-signs": _nerve_signs,
    "red-flags": red_flags_not_asked,
    "ankle-brachial-index": _ankle_brachial_index,
    "d-dimer": _d_dimer,
    "wells": _wells,
    "scan": _scan,
    "creatine-kinase": _creatine_kinase,
}
