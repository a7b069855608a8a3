"""The arteries: gangrene, rest pain, claudication, known disease, aneurysm. Acute ischaemia is in limb_ischaemia.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service.assessment.ankle_brachial import Band, in_bands, indices, severe
from cds_service.assessment.concepts import NARROW_CANAL, PERFUSION, POOR_SUPPLY, Concept
from cds_service.assessment.diagnoses import lasting_ulcers, new_gangrene, old_limb_ischaemia
from cds_service.assessment.pain import new_pains
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Effect, Kind, Level, Rule, Seen
from cds_service.assessment.sources import ACC_ANEURYSM, AHA_ABI, AHA_PAD, CLTI
from cds_service.code_systems import SNOMED
from cds_service.facts import Fact, Site

UNDATED_GANGRENE = "Gangrene"
TYPE_UNKNOWN = "type of vascular disease not stated"
OLD_ISCHAEMIA = "Earlier acute limb ischaemia with calf pain"
ANEURYSM = "Aneurysm of a leg artery with calf pain"
WHICH_ARTERY = "the entry may be of the popliteal or the femoral artery"
INDEX_UNKNOWN = "ankle-brachial index of this leg"
POPLITEAL = (SNOMED, "48273005")
_THREATENING = (Concept.REST_PAIN, Concept.GANGRENE)
_DISEASE = (Concept.CLAUDICATION, Concept.ARTERIAL_DISEASE, Concept.VASCULAR_DISEASE)


def _gangrene(_: Sequence[Fact], leg: Leg) -> Seen | None:
    new = new_gangrene(leg)
    if not new:
        return None
    return Seen(new, label="" if any(fact.when for fact in new) else UNDATED_GANGRENE)


def _lasting_gangrene(current: Sequence[Fact], leg: Leg) -> Seen | None:
    new = set(new_gangrene(leg))
    lasting = [fact for fact in current if fact not in new]
    return Seen(lasting) if lasting and new_pains(leg, Site.LOWER_LEG) else None


def _disease_with_pain(_: Sequence[Fact], leg: Leg) -> Seen | None:
    known = [*leg.any_of(*POOR_SUPPLY), *old_limb_ischaemia(leg)]
    if not known or not new_pains(leg, Site.LOWER_LEG):
        return None
    concepts = {fact.concept for fact in known}
    note = TYPE_UNKNOWN if concepts == {Concept.VASCULAR_DISEASE} else ""
    return Seen(known, note=note, label=_what_the_label_would_hide(concepts))


def _what_the_label_would_hide(concepts: set[str]) -> str:
    if Concept.ACUTE_LIMB_ISCHAEMIA in concepts:
        return OLD_ISCHAEMIA
    return ANEURYSM if concepts == {Concept.LEG_ANEURYSM} else ""


def _limb_threatened(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """An ulcer beside venous insufficiency may be of the veins: only a very low index tells of the arteries."""
    threatening = [*lasting_ulcers(leg), *leg.present(Concept.REST_PAIN)]
    if not threatening:
        return None
    low = in_bands(indices(leg), Band.ABNORMAL)
    venous = leg.present(Concept.VENOUS_INSUFFICIENCY)
    supply = severe(low, leg.thresholds) if venous else [*leg.any_of(*_DISEASE), *low]
    return Seen([*threatening, *supply, *venous]) if supply else None


GANGRENE = Rule(
    id="gangrene",
    kind=Kind.FINDING,
    label="New gangrene",
    source=CLTI,
    says="Gangrene of the leg, within {gangrene_days} days (own number) or undated.",
    needs=(Concept.GANGRENE,),
    level=Level.CRITICAL,
    card="tissue",
    effects=frozenset({Effect.THREAT}),
    when=_gangrene,
)
REST_PAIN = Rule(
    id="arterial-rest-pain",
    kind=Kind.FINDING,
    label="Rest pain of arterial disease",
    source=CLTI,
    says="Rest pain recorded, and current.",
    needs=(Concept.REST_PAIN,),
    level=Level.WARNING,
    card="arterial-rest-pain",
    effects=frozenset({Effect.SUPPLY_IN_QUESTION}),
)
LIMB_THREATENED = Rule(
    id="limb-threatening-ischaemia",
    kind=Kind.FINDING,
    label="Features of chronic limb-threatening ischaemia",
    source=CLTI,
    says="An ulcer of leg or foot that began over {ulcer_days} days ago or is undated, or rest pain; with arterial "
    "disease, vascular disease of unstated type or claudication, or an ankle-brachial index of "
    "{ankle_brachial_abnormal} or less. Where venous insufficiency is coded, with an index below "
    "{ankle_brachial_severe}.",
    needs=(Concept.LEG_ULCER, Concept.REST_PAIN),
    level=Level.WARNING,
    card="limb-threatening",
    effects=frozenset({Effect.SUPPLY_IN_QUESTION}),
    when=_limb_threatened,
)
LASTING_GANGRENE = Rule(
    id="lasting-gangrene",
    kind=Kind.FINDING,
    label="Gangrene of the leg",
    source=CLTI,
    says="Gangrene of the leg that began over {gangrene_days} days ago (own number), beside new calf pain.",
    needs=(Concept.GANGRENE,),
    level=Level.WARNING,
    card="arterial-rest-pain",
    effects=frozenset({Effect.SUPPLY_IN_QUESTION}),
    when=_lasting_gangrene,
)
CLAUDICATION = Rule(
    id="claudication",
    kind=Kind.FINDING,
    label="Claudication",
    source=AHA_PAD,
    says="Recorded or suspected, and current; its type may be unstated, neurogenic is not meant.",
    needs=(Concept.CLAUDICATION,),
    level=Level.WARNING,
    card="arterial",
    effects=frozenset({Effect.SUPPLY_IN_QUESTION}),
)
ARTERIAL = Rule(
    id="arterial-disease",
    kind=Kind.FINDING,
    label="Arterial or vascular disease with calf pain",
    source=AHA_PAD,
    says="Arterial disease of the leg, a leg aneurysm, acute limb ischaemia of over {limb_ischaemia_days} days, or "
    "vascular disease of unstated type, beside new calf pain.",
    needs=(*POOR_SUPPLY, Concept.ACUTE_LIMB_ISCHAEMIA),
    level=Level.WARNING,
    card="arterial",
    effects=frozenset({Effect.SUPPLY_IN_QUESTION}),
    when=_disease_with_pain,
)


def _limb_threatening(threatening: Sequence[Fact], leg: Leg) -> Seen | None:
    threatened = _limb_threatened(threatening, leg)
    shown = [*leg.any_of(*_THREATENING), *(threatened.evidence if threatened else ())]
    if not shown:
        return None
    found = indices(leg)
    return Seen(
        [*shown, *leg.any_of(Concept.LEG_ULCER, Concept.ARTERIAL_DISEASE), *in_bands(found, Band.ABNORMAL)],
        against=in_bands(found, Band.NORMAL),
        note=_meaning(found),
        missing=(*leg.unless_told("an ulcer of over 2 weeks", Concept.LEG_ULCER), *_index_unknown(leg)),
    )


def _arterial_disease(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Rest pain and gangrene speak for its limb-threatening form, which then stands for it."""
    found = indices(leg)
    known = [*leg.any_of(*_DISEASE), *in_bands(found, Band.ABNORMAL, Band.NONCOMPRESSIBLE)]
    if not known or leg.any_of(*_THREATENING) or _limb_threatened((), leg):
        return None
    walking = leg.unless_told("whether walking brings the pain on and rest relieves it", Concept.CLAUDICATION)
    return Seen(
        [*known, *leg.new(Concept.PULSE_ABSENT), *in_bands(found, Band.BORDERLINE)],
        against=[*in_bands(found, Band.NORMAL), *leg.any_of(*NARROW_CANAL)],
        note=_meaning(found),
        missing=(*walking, *_index_unknown(leg)),
    )


def _index_unknown(leg: Leg) -> tuple[str, ...]:
    return leg.unless_told(INDEX_UNKNOWN, Concept.ANKLE_BRACHIAL_INDEX)


def _meaning(found: Mapping[Fact, Band]) -> str:
    """What the bands of the indices mean, each once."""
    return "; ".join(dict.fromkeys([band.value for band in found.values()]))


def _popliteal_aneurysm(aneurysm: Sequence[Fact], leg: Leg) -> Seen | None:
    if not aneurysm:
        return None
    beside = [*leg.signs.facts(*PERFUSION), *leg.any_of(Concept.CLAUDICATION, Concept.REST_PAIN)]
    note = "" if all(POPLITEAL in fact.codes for fact in aneurysm) else WHICH_ARTERY
    return Seen(
        [*aneurysm, *beside],
        note=note,
        missing=leg.unless_told("the popliteal pulses of both legs", Concept.PULSE_ABSENT),
    )


LIMB_THREATENING = Rule(
    id="pattern-chronic-limb-threatening-ischaemia",
    kind=Kind.CAUSE,
    label="Chronic limb-threatening ischaemia",
    source=CLTI,
    says="Rest pain of arterial disease or gangrene, of whatever duration, or what the rule of its features asks for; "
    "an ulcer, arterial disease and an abnormal index weigh beside them.",
    needs=(*_THREATENING, Concept.LEG_ULCER),
    when=_limb_threatening,
)
POPLITEAL_ANEURYSM = Rule(
    id="pattern-popliteal-aneurysm",
    kind=Kind.CAUSE,
    label="Popliteal artery aneurysm",
    source=ACC_ANEURYSM,
    says="An aneurysm of a leg artery on record; signs of lacking perfusion, claudication and rest pain weigh beside "
    "it.",
    needs=(Concept.LEG_ANEURYSM,),
    when=_popliteal_aneurysm,
)
ARTERIAL_DISEASE = Rule(
    id="pattern-peripheral-arterial-disease",
    kind=Kind.CAUSE,
    label="Peripheral arterial disease, claudication",
    source=AHA_ABI,
    says="Claudication, arterial disease or vascular disease of unstated type on record, or an index that is abnormal "
    "or not compressible; not beside rest pain, gangrene or an ulcer with features of limb-threatening ischaemia.",
    needs=(*_DISEASE, Concept.ANKLE_BRACHIAL_INDEX),
    when=_arterial_disease,
)

CRITICAL = (GANGRENE,)
WARNING = (LASTING_GANGRENE, LIMB_THREATENED, REST_PAIN, CLAUDICATION, ARTERIAL)
CAUSES = (LIMB_THREATENING, POPLITEAL_ANEURYSM, ARTERIAL_DISEASE)
