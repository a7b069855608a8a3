"""What was put on record in a way that is not read: neither present nor absent, and told, as it may be what matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cds_service.assessment.concepts import Concept
from cds_service.assessment.critical import CRITICAL
from cds_service.assessment.d_dimer import is_not_judged
from cds_service.assessment.record import Record
from cds_service.assessment.red_flags import DISCOLOURATION, REST, SEVERE, SWELLING, WALKING
from cds_service.assessment.rule import Finding
from cds_service.assessment.warning import WARNING
from cds_service.facts import Fact, State

_OF_FLAGS = {
    SEVERE: (Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY),
    SWELLING: (Concept.SWELLING,),
    DISCOLOURATION: (Concept.SKIN_COLOUR,),
    WALKING: (Concept.WALKING_PROBLEM,),
    REST: (Concept.REST_PAIN,),
}
_RAISING = {concept for criterion in (*CRITICAL, *WARNING) for concept in criterion.needs}
_RAISING.update(*_OF_FLAGS.values(), (Concept.PAIN, Concept.CRAMP))


def illegible(patient: Record) -> tuple[Fact, ...]:
    """Entries of the last 30 days, or undated, about what could raise the level, whose value is not interpreted; a
    D-dimer that came with nothing to judge it by is one too.
    """
    unknown = [fact for fact in patient.facts if fact.state is State.UNKNOWN and fact.concept in _RAISING]
    unread = patient.within([fact for fact in unknown if fact.illegible], patient.thresholds.finding_days)
    return (*unread, *(fact for fact in patient.new(Concept.D_DIMER) if is_not_judged(fact)))


def with_illegible(flags: Iterable[Finding], facts: Sequence[Fact]) -> tuple[Finding, ...]:
    """The red flags; one that is unknown has as its evidence the entries about it that are not read."""
    if not facts:
        return tuple(flags)
    return tuple([_with(flag, facts) if flag.state is State.UNKNOWN else flag for flag in flags])


def _with(flag: Finding, facts: Sequence[Fact]) -> Finding:
    about = _OF_FLAGS.get(flag.rule, ())
    return replace(flag, evidence=tuple([fact for fact in facts if fact.concept in about]))
