"""The hot loop: of hundreds of resources, keep the few whose codes a value set knows.

What matches no concept, lies on another part of the body, is beyond its look-back or has been overtaken by a newer
value is dropped here, before anything is parsed. Where nothing can be a leg complaint, no date is even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from cds_service.facts import Interval, Topic, latest
from cds_service.fhir import dates
from cds_service.fhir import resources as fhir
from cds_service.fhir.medicines import Medicine, medicine_of, medicines_among
from cds_service.fhir.page import Material
from cds_service.fhir.resources import Condition, MedicationRequest, Observation
from cds_service.fhir.value_sets import UNREAD, Concept, Meaning, Terminology

SILENT_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
"""Observation.status values with which an Observation says nothing."""


class Hit(msgspec.Struct, frozen=True, eq=False):
    """A resource worth reading.

    `when` is the clinical time of an Observation or Procedure; `medicine` what a MedicationRequest is for.
    """

    resource: fhir.Resource
    when: Interval | None
    medicine: Medicine | None = None


class Sifted(msgspec.Struct, frozen=True):
    """What is worth reading.

    `series` holds the Observations of which only the newest that says something counts, per concept and newest first.
    `may_be_leg_complaint` is False when nothing in the chart could be one: no card, and nothing to parse. `unread` are
    Conditions, Observations and Procedures without a code that is read, `unread_medicines` medicines without one.
    """

    hits: list[Hit] = []
    series: list[list[Hit]] = []
    may_be_leg_complaint: bool = False
    unread: Sequence[fhir.Resource] = ()
    unread_medicines: Sequence[tuple[MedicationRequest, Medicine]] = ()


class _Match(msgspec.Struct, frozen=True, eq=False):
    """A resource whose codes a value set knows."""

    resource: fhir.Resource
    meanings: Sequence[Meaning]
    concepts: list[Concept]
    medicine: Medicine | None


def sift(material: Material, terminology: Terminology, as_of: datetime) -> Sifted:
    """Keep what may matter. Each resource counts once, however many searches returned it."""
    matches, unread, medicines = _matches(material, terminology)
    if not any(_may_open(match, terminology, as_of) for match in matches):
        return Sifted(unread=unread, unread_medicines=medicines)
    hits: list[Hit] = []
    series: dict[str, list[Hit]] = {}
    for match in matches:
        when = _when(match.resource, as_of)
        if _too_old(match.concepts, when, as_of):
            continue
        hit = Hit(match.resource, when, match.medicine)
        first, *others = match.concepts
        only_newest = first.newest_only and all(each is first for each in others)
        if only_newest and when and not dates.is_future(when, as_of):
            series.setdefault(first.name, []).append(hit)
        else:
            hits.append(hit)
    return Sifted(hits, [sorted(each, key=_newest_first) for each in series.values()], True, unread, medicines)


def _matches(
    material: Material, terminology: Terminology
) -> tuple[list[_Match], list[fhir.Resource], list[tuple[MedicationRequest, Medicine]]]:
    """What the value sets hold; the resources, and the medicines, without a code that they could know."""
    matches: list[_Match] = []
    seen = _Seen()
    unread: list[fhir.Resource] = []
    medicines: list[tuple[MedicationRequest, Medicine]] = []
    for resource, meanings, medicine in _candidates(material, terminology):
        if seen.again(resource):
            continue
        if meanings:
            meanings = _with_answers(resource, meanings, terminology)
            concepts = [concept for meaning in meanings for concept in meaning.concepts]
            if concepts and not _says_nothing(resource):
                matches.append(_Match(resource, meanings, concepts, medicine))
        elif isinstance(resource, MedicationRequest):
            medicines.append((resource, medicine or Medicine()))
        else:
            unread.append(resource)
    return matches, unread, medicines


class _Seen:
    """Which resources have come: those of one id and of two addresses are two."""

    def __init__(self) -> None:
        self._urls: dict[tuple[type[fhir.Resource], str], set[str]] = {}

    def again(self, resource: fhir.Resource) -> bool:
        """Has this one come before?"""
        identity, url = resource.id or resource.full_url, resource.full_url
        if not identity:
            return False
        urls = self._urls.setdefault((type(resource), identity), set())
        if urls and (not url or url in urls or "" in urls):
            return True
        urls.add(url)
        return False


_Candidate = tuple[fhir.Resource, Sequence[Meaning] | None, Medicine | None]
_Meanings = Mapping[tuple[str | None, str | None], Meaning | None]


def _candidates(material: Material, terminology: Terminology) -> Iterator[_Candidate]:
    """Resources with meanings, and those without a code that is read; of a MedicationRequest with its medicine."""
    medicines = medicines_among(
        [each for topic, page in material.pages if topic is Topic.MEDICATIONS for each in page.resources]
    )
    known = terminology.meanings
    meanings: Sequence[Meaning] | None
    for _topic, page in material.pages:
        for resource in page.resources:
            # nearly all; asking for the very type is faster than isinstance
            if (type(resource) is Observation and not resource.component) or type(resource) is Condition:
                meanings = _look_up(resource.code, known)
                if meanings or meanings is None:
                    yield resource, meanings, None
            elif isinstance(resource, MedicationRequest):
                medicine = medicine_of(resource, medicines)
                meanings = look_up_medicine(medicine, terminology)
                if meanings or meanings is None:
                    yield resource, meanings, medicine
            else:
                meanings = _look_up_all(resource.codes(), known)
                if meanings or meanings is None:
                    yield resource, meanings, None


def _newest_first(hit: Hit) -> tuple[float, str]:
    return (-latest(hit.when), hit.resource.id)


def _with_answers(resource: fhir.Resource, meanings: Sequence[Meaning], terminology: Terminology) -> Sequence[Meaning]:
    """What the resource is about; where its code only asks, also what its value answers."""
    if not any(meaning.question for meaning in meanings):
        return meanings
    return [*meanings, *(_look_up_all(resource.answers(), terminology.meanings) or ())]


def _look_up(code: fhir.Concept | None, known: _Meanings) -> Sequence[Meaning] | None:
    """The meanings of the codings; None where there are words, or codes, that nothing here could know."""
    if code is None:
        return ()
    if not code.coding:
        return None if code.text else ()
    meanings = []
    is_read = False
    for coding in code.coding:
        meaning = known[coding.system, coding.code]
        if meaning is not UNREAD:
            is_read = True
            if meaning is not None:
                meanings.append(meaning)
    return meanings if is_read else None


def _look_up_all(codes: Sequence[fhir.Concept | None], known: _Meanings) -> Sequence[Meaning] | None:
    """Likewise, of several CodeableConcepts together."""
    found = [_look_up(code, known) for code in codes if code is not None and (code.coding or code.text)]
    read = [meanings for meanings in found if meanings is not None]
    return None if found and not read else [meaning for meanings in read for meaning in meanings]


def look_up_medicine(medicine: Medicine, terminology: Terminology) -> Sequence[Meaning] | None:
    """Likewise: what is known is the product, or every ingredient."""
    product = _look_up_code(medicine.product, terminology)
    if not medicine.ingredients:
        return product
    ingredients = [_look_up_code(each, terminology) for each in medicine.ingredients]
    meanings = [meaning for each in (product, *ingredients) for meaning in each or ()]
    return meanings if meanings or product is not None or None not in ingredients else None


def _look_up_code(code: fhir.Concept | None, terminology: Terminology) -> Sequence[Meaning] | None:
    """Likewise, and None where there are not even words; a system that lists findings does not tell what it is not."""
    meanings = []
    is_known = False
    for coding in (code and code.coding) or ():
        meaning = terminology.meanings[coding.system, coding.code]
        if meaning is not UNREAD and meaning is not None:
            meanings.append(meaning)
        is_known = is_known or (meaning is not UNREAD and terminology.lists_medicines(coding.system))
    return meanings if meanings or is_known else None


def _when(resource: fhir.Resource, as_of: datetime) -> Interval | None:
    """effective[x], else issued, of an Observation; performed[x] of a Procedure. A Condition is judged when read."""
    zone = dates.zone_of(as_of)
    if isinstance(resource, Observation):
        if not resource.is_effective:
            return dates.interval(resource.issued, zone)
        moment = dates.interval(resource.effectiveDateTime, zone) or dates.interval(resource.effectiveInstant, zone)
        return (
            moment
            or dates.period(resource.effectivePeriod, zone, as_of)
            or dates.timing(resource.effectiveTiming, zone)
        )
    if isinstance(resource, fhir.Procedure):
        return dates.interval(resource.performedDateTime, zone) or dates.period(resource.performedPeriod, zone, as_of)
    return None


def _says_nothing(resource: fhir.Resource) -> bool:
    return isinstance(resource, Observation) and str(resource.status) in SILENT_STATUSES


def _too_old(concepts: list[Concept], when: Interval | None, as_of: datetime) -> bool:
    if when is None:
        return False
    return not any(concept.look_back is None or when.may_lie_within(concept.look_back, as_of) for concept in concepts)


def _may_open(match: _Match, terminology: Terminology, as_of: datetime) -> bool:
    """Could this one resource be a leg complaint? A concept that needs a site needs one on the leg."""
    opening = [concept for concept in match.concepts if concept.may_open]
    if not opening:
        return False
    if all(concept.site_matters for concept in opening) and not _is_sited(match, terminology):
        return False
    return not _too_old(match.concepts, _when(match.resource, as_of), as_of)


def _is_sited(match: _Match, terminology: Terminology) -> bool:
    sited = [*match.meanings, *(_look_up_all(match.resource.sites(), terminology.meanings) or ())]
    return any(meaning.site is not None or meaning.thigh for meaning in sited)
