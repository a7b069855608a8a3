"""What a card calls missing: derived from the same record as its evidence, so that the two never disagree."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.assessment.concepts import NERVE, Concept
from cds_service.assessment.diagnoses import unknown_medicines
from cds_service.assessment.signs import not_looked_for
from cds_service.rendering.case import Case, Say
from cds_service.rendering.holes import red_flags_not_asked
from cds_service.rendering.words import quoted

_ANTICOAGULANT = "anticoagulant"


def medicine_asked_about(case: Case) -> str:
    """What the chart calls the medicine of which the card says that it could be an anticoagulant; empty if none."""
    record = case.assessment.record
    if _ANTICOAGULANT not in case.card.not_found or record.anticoagulants():
        return ""
    return next((words for words, _source in record.chart.unread_medicines if words), "")


def _anticoagulant(case: Case) -> str:
    record = case.assessment.record
    if record.anticoagulants():
        return ""
    if unknown_medicines(record.chart):
        called = medicine_asked_about(case)
        return f"whether an anticoagulant is taken{f': {quoted(called)} has no code that is read' if called else ''}"
    return "anticoagulant order (outside prescriptions not seen)"


def _signs(case: Case) -> str:
    return ", ".join(not_looked_for(case.assessment.record))


def _nerve_signs(case: Case) -> str:
    return ", ".join(not_looked_for(case.assessment.record, NERVE))


def _unless_told(words: str, *concepts: Concept) -> Say:
    """Calls it missing unless the record says something of it."""
    return lambda case: "".join(case.assessment.record.unless_told(words, *concepts))


def _ankle_brachial_index(case: Case) -> str:
    """Of the leg with the complaint: the index of the other says nothing of it."""
    if case.assessment.indices:
        return ""
    elsewhere = not case.assessment.record.unless_told("index", Concept.ANKLE_BRACHIAL_INDEX)
    return "ankle-brachial index of this leg" if elsewhere else "ankle-brachial index"


def _d_dimer(case: Case) -> str:
    return "" if any(reading.current for reading in case.assessment.d_dimers) else "D-dimer of the last 7 days"


def _wells(case: Case) -> str:
    score = case.assessment.wells
    return "bedside Wells items" if score is not None and score.unknown else ""


NOT_FOUND: Mapping[str, Say] = {
    _ANTICOAGULANT: _anticoagulant,
    "signs": _signs,
    "nerve-signs": _nerve_signs,
    "red-flags": red_flags_not_asked,
    "ankle-brachial-index": _ankle_brachial_index,
    "d-dimer": _d_dimer,
    "wells": _wells,
    "scan": _unless_told("leg vein scan", Concept.LEG_VEIN_ULTRASOUND),
    "creatine-kinase": _unless_told("creatine kinase", Concept.CREATINE_KINASE),
}
