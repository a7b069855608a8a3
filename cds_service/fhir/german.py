"""What charts from Germany say beside a code of ICD-10-GM, as extensions of the coding: how sure it is, and the side.

The codes say neither. Both extensions are of the German base profiles, https://simplifier.net/basisprofil-de-r4
(icd-10-gm-diagnosesicherheit, seitenlokalisation).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cds_service.facts import Course, Side
from cds_service.fhir.value_sets import Meaning

_CERTAINTY = "fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
_SIDE = "fhir.de/StructureDefinition/seitenlokalisation"
_SUSPECTED, _RULED_OUT, _STATE_AFTER = "V", "A", "Z"  # Verdacht auf, Ausschluss von, Zustand nach; G is gesichert
_SIDES = {"L": Side.LEFT, "R": Side.RIGHT, "B": Side.BOTH}


def qualified(meaning: Meaning, extensions: Any) -> Meaning:
    """The meaning with what the extensions of its coding say; any other extension says nothing."""
    for extension in extensions if isinstance(extensions, list) else ():
        match extension:
            case {"url": str(url), "valueCoding": {"code": str(code)}} if url.endswith(_CERTAINTY):
                meaning = replace(
                    meaning,
                    suspected=meaning.suspected or code == _SUSPECTED,
                    denied=meaning.denied or code == _RULED_OUT,
                    phase=Course.HISTORY if code == _STATE_AFTER else meaning.phase,
                )
            case {"url": str(url), "valueCoding": {"code": str(code)}} if url.endswith(_SIDE) and code in _SIDES:
                meaning = replace(meaning, side=_SIDES[code])
    return meaning
