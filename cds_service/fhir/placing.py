"""Where on the leg, and on which side, a finding lies: from its code, its body sites and its components."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cds_service.facts import Side, Site
from cds_service.fhir.naming import most_specific, named
from cds_service.fhir.resources import Concept as CodeableConcept
from cds_service.fhir.value_sets import Concept, Meaning, Terminology, combined_side


class BodySites(NamedTuple):
    """What bodySite and components say: the most specific site on the leg, and whether another site is named."""

    site: Site | None = None
    thigh: bool = False
    elsewhere: bool = False
    side: Side | None = None
    text_only: bool = False


_NOWHERE = BodySites()
TEXT_ONLY = "body site given as text or by a code that is not read, not interpreted"
SIDES_DIFFER = "its code and its body site name different sides"
_EACH_SIDE = {Side.LEFT, Side.RIGHT}


def body_sites(
    sites: Iterable[CodeableConcept | None], values: Iterable[Meaning], terminology: Terminology
) -> BodySites:
    """Gather bodySite CodeableConcepts and the meanings of component values.

    A coded site that no value set knows is another part of the body; a site given only as text, or by a code that is
    not read, says nothing.
    """
    found = list(values)
    thigh = elsewhere = text_only = False
    for site in sites:
        if site is None:
            continue
        known = named(site, terminology)
        found += known.meanings
        if not known.meanings:
            elsewhere = elsewhere or known.is_read
            text_only = text_only or not known.is_read
    if not found:
        return BodySites(elsewhere=elsewhere, text_only=text_only) if elsewhere or text_only else _NOWHERE
    for meaning in found:
        thigh = thigh or meaning.thigh
        elsewhere = elsewhere or meaning.elsewhere
    placed = most_specific([meaning.site for meaning in found])
    return BodySites(placed, thigh, elsewhere, combined_side([meaning.side for meaning in found]), text_only)


def place_remarks(coded: Side | None, body: BodySites) -> tuple[str, ...]:
    """What a reader must know of where a finding lies, beside the side that its code names."""
    text_only = (TEXT_ONLY,) if body.text_only else ()
    return (*text_only, SIDES_DIFFER) if {coded, body.side} == _EACH_SIDE else text_only


def is_elsewhere(concept: Concept, body: BodySites) -> bool:
    """Does a body site put it on another part of the body, where it is a concept of its own? The thigh is none."""
    return bool(concept.elsewhere) and body.elsewhere and not body.thigh


def site_of(concept: Concept, coded: Site | None, body: BodySites) -> Site | None:
    """Where the finding lies; None when it lies on another part of the body, and so is not ours."""
    if body.site is not None:
        return body.site if coded in (None, Site.LEG) else coded
    if not concept.site_matters:
        return coded or Site.NOT_STATED
    if body.thigh:
        if concept.thigh_counts:
            return coded or Site.LEG
        return coded if coded not in (None, Site.LEG) else None
    if body.elsewhere:
        leg_disease = coded is Site.LEG and concept.kind != "symptom"
        return coded if coded not in (None, Site.LEG) or leg_disease else None
    return coded or Site.NOT_STATED
