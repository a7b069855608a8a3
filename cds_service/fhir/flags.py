"""How the laboratory itself interprets a result: by code, with or without a system, or by the words for it.

Codes: https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html and table 0078 of HL7 Version 2.
"""

from __future__ import annotations

import msgspec

from cds_service.fhir.versions import interpretations

HIGH_IS_BAD = frozenset({"d-dimer", "creatine-kinase"})
"""The concepts of which only a high result is abnormal, so that "abnormal" says high."""

_RAISED = frozenset({"H", "HH", "HU", "HX", "H>", "HH>", ">", "POS", "DET"})
_NOT_RAISED = frozenset({"N", "L", "LL", "LU", "LX", "L<", "LL<", "<", "NEG", "ND"})
_ABNORMAL = frozenset({"A", "AA"})
_NOT_FOUND = frozenset({"NEG", "ND"})
_CODES = {code.casefold(): code for code in (*_RAISED, *_NOT_RAISED, *_ABNORMAL)}
_WORDS = {
    **dict.fromkeys(("high", "abnormal high", "above high normal", "above normal", "elevated", "raised"), "H"),
    **dict.fromkeys(("critical high", "critically high", "very high", "panic high", "high alert"), "HH"),
    **dict.fromkeys(("significantly high", "off scale high", "high off scale", "above high threshold"), "H>"),
    **dict.fromkeys(("positive", "detected"), "POS"),
    **dict.fromkeys(("normal", "within normal limits", "within range"), "N"),
    **dict.fromkeys(("low", "abnormal low", "below low normal", "below normal"), "L"),
    **dict.fromkeys(("critical low", "critically low", "very low", "panic low"), "LL"),
    **dict.fromkeys(("significantly low", "off scale low", "low off scale", "below low threshold"), "L<"),
    **dict.fromkeys(("negative", "not detected"), "NEG"),
    **dict.fromkeys(("abnormal", "critical", "critical abnormal", "critically abnormal"), "A"),
}


def is_raised(interpretation: msgspec.Raw, *, high_is_bad: bool) -> bool | None:
    """True for high, False for normal or low, None where it is not said; abnormal is high where only high is bad."""
    flags = _flags(interpretation)
    if flags & _RAISED:
        return True
    if flags & _NOT_RAISED:
        return False
    return True if high_is_bad and flags & _ABNORMAL else None


def is_negative(interpretation: msgspec.Raw) -> bool:
    """Is the finding flagged as not found?"""
    return bool(_flags(interpretation) & _NOT_FOUND)


def _flags(interpretation: msgspec.Raw) -> set[str]:
    flags = set()
    for each in interpretations(interpretation):
        codings = each.coding or ()
        for said in (each.text, *(coding.code for coding in codings), *(coding.display for coding in codings)):
            if said and isinstance(said, str):
                word = " ".join(said.split()).casefold()
                flags.add(_CODES.get(word) or _WORDS.get(word, ""))
    return flags
