"""Risk factors on the record. Those of the guidance come first; the others name where they come from.

Present, absent, or unknown: absent only where the record says so. The guidance's list of "other factors" (S21) could
not be read, so nothing here is attributed to it. They are asked of the whole patient: a risk factor has no side.
docs/risk-factors.md holds the same as a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.activity import ANSWERS, weekly_activity
from cds_service.assessment.concepts import Concept
from cds_service.assessment.diagnoses import cancer_under_care, is_after_birth, long_past_thrombosis, recent_surgery
from cds_service.assessment.laboratory import is_at_least, is_below
from cds_service.assessment.record import Record
from cds_service.assessment.rule import Condition, Effect, Kind, Rule, Seen, Window
from cds_service.assessment.sources import (
    ACCP_RISKS,
    AGENO,
    CHANG,
    EXERCISE_VITAL_SIGN,
    GUIDANCE,
    NICE_DVT,
    NICE_MENOPAUSE,
    NICE_PAD,
    RCOG,
    VINOGRADOVA,
)
from cds_service.facts import Fact, State

NOT_YET_BORN, AFTER_BIRTH = "Pregnant", "In the weeks after birth"
BY_IMMOBILITY = "by immobility or surgery: own reading"
INACTIVITY_POSSIBLE = "inactivity possible: own reading"
TREATMENT_UNKNOWN = "not recorded: treatment now or within 6 months, or palliative"

_SHOWN = "The record shows it."
_OF_THROMBOSIS = frozenset({Effect.THROMBOSIS_RISK})


def _stated(present: Sequence[Fact], absent: Sequence[Fact] = (), note: str = "", label: str = "") -> Seen | None:
    """Present where the record says so, else absent where it says that, else unknown."""
    if present:
        return Seen(present, note=note, label=label)
    return Seen(absent, State.ABSENT) if absent else None


def _coded(concept: Concept) -> Condition:
    """Is this concept recorded, or denied?"""
    return lambda _, record: _stated(record.present(concept), record.absent(concept))


def _over_65(_: Sequence[Fact], record: Record) -> Seen | None:
    """From the 66th birthday on (S17). Unknown when the recorded birth date allows both."""
    age, limit = record.age, record.thresholds.over_age_years
    if age is None or age[0] <= limit < age[1]:
        return None
    return Seen(state=State.PRESENT if age[0] > limit else State.ABSENT)


def _inactive(_: Sequence[Fact], record: Record) -> Seen | None:
    """Immobility, bed confinement and recent surgery count too: that is our own reading, and said (S20)."""
    activity = weekly_activity(record)
    none_at_all = activity.evidence if activity and activity.minutes == 0 else ()
    known = [*record.present(Concept.INACTIVITY), *none_at_all]
    present = [*known, *record.any_of(Concept.IMMOBILITY, Concept.BEDRIDDEN)] or recent_surgery(record)
    some = activity.evidence if activity else ()
    return _stated(present, [*some, *record.absent(Concept.INACTIVITY)], "" if known else BY_IMMOBILITY)


def _insufficient(_: Sequence[Fact], record: Record) -> Seen | None:
    """Insufficient for the Exercise Vital Sign is not "inactive" for us: own reading."""
    activity = weekly_activity(record)
    if activity is None or activity.minutes is None:
        return None
    limit = record.thresholds.sufficient_activity_minutes
    if not 0 < activity.minutes < limit:
        return _stated((), activity.evidence)
    note = f"{activity.minutes:g} minutes; not inactive: own reading"
    return _stated(activity.evidence, note=note, label=f"Less than {limit:g} minutes of activity a week")


def _much_activity(facts: Sequence[Fact], record: Record) -> Seen | None:
    """By running, or by minutes a week over a limit that is our own (S16)."""
    coded = [fact for fact in facts if fact.concept == Concept.MUCH_ACTIVITY]
    activity = weekly_activity(record)
    if activity is None or activity.minutes is None:
        return _stated(coded, record.absent(Concept.MUCH_ACTIVITY))
    limit = record.thresholds.much_activity_minutes
    if activity.minutes < limit:
        return _stated(coded, activity.evidence)
    return _stated([*coded, *activity.evidence], note=f"{activity.minutes:g} minutes a week; own limit: {limit:g}")


def _previous_thrombosis(_: Sequence[Fact], record: Record) -> Seen | None:
    past = [*record.past(Concept.PREVIOUS_DVT, Concept.DVT), *long_past_thrombosis(record, Concept.DVT)]
    return _stated(past, record.absent(Concept.PREVIOUS_DVT))


def _previous_embolism(_: Sequence[Fact], record: Record) -> Seen | None:
    embolism = Concept.PULMONARY_EMBOLISM
    past = [*record.past(Concept.PREVIOUS_PE, embolism), *long_past_thrombosis(record, embolism)]
    return _stated(past, record.absent(Concept.PREVIOUS_PE))


def _surgery(_: Sequence[Fact], record: Record) -> Seen | None:
    return _stated(recent_surgery(record), note=INACTIVITY_POSSIBLE)


def _pregnant(facts: Sequence[Fact], record: Record) -> Seen | None:
    label = AFTER_BIRTH if is_after_birth(facts) else NOT_YET_BORN
    return _stated(facts, record.absent(Concept.PREGNANCY), label=label)


def _cancer(cancer: Sequence[Fact], record: Record) -> Seen | None:
    care = cancer_under_care(record) if cancer else ()
    return _stated([*cancer, *care], record.absent(Concept.MALIGNANCY), "" if care else TREATMENT_UNKNOWN)


def _obesity(_: Sequence[Fact], record: Record) -> Seen | None:
    heavy, light = _by_body_mass(record)
    return _stated([*record.present(Concept.OBESITY), *heavy], [*light, *record.absent(Concept.OBESITY)])


def _by_body_mass(record: Record) -> tuple[Sequence[Fact], Sequence[Fact]]:
    """The body mass indices that reach the limit and those below it; the limit is one of adults."""
    if record.age is not None and record.age[0] < record.thresholds.adult_years:
        return (), ()
    heavy, light = [], []
    for fact in record.present(Concept.BMI):
        limit = record.thresholds.obesity_kg_per_m2
        if is_below(fact.quantity, limit):
            light.append(fact)
        elif is_at_least(fact.quantity, limit):
            heavy.append(fact)
    return heavy, light


def _smoking(_: Sequence[Fact], record: Record) -> Seen | None:
    """Smokes now; absent where the record says that the patient never did, or used to."""
    never = [*record.present(Concept.NON_SMOKER), *record.absent(Concept.SMOKING)]
    return _stated(record.present(Concept.SMOKING), never)


OVER_65 = Rule(
    id="over-65",
    kind=Kind.RISK,
    label="Over 65",
    source=GUIDANCE,
    says="Age in completed years above {over_age_years}, over the whole range that the birth date allows.",
    when=_over_65,
)
INACTIVE = Rule(
    id="inactive",
    kind=Kind.RISK,
    label="Inactive (the guidance states it for people over 65)",
    source=GUIDANCE,
    says="A code that says so, or an Exercise Vital Sign of no minutes or no days a week. Immobility, bed confinement "
    "and surgery within {surgery_days} days count too (own reading).",
    needs=(Concept.INACTIVITY, Concept.IMMOBILITY, Concept.BEDRIDDEN, Concept.SURGERY, *ANSWERS),
    when=_inactive,
)
INSUFFICIENT = Rule(
    id="insufficient-activity",
    kind=Kind.RISK,
    label="Less activity than is sufficient",
    source=EXERCISE_VITAL_SIGN,
    says="An Exercise Vital Sign of less than {sufficient_activity_minutes} minutes a week, but more than none.",
    needs=ANSWERS,
    when=_insufficient,
)
WEAKNESS = Rule(
    id="muscle-weakness",
    kind=Kind.RISK,
    label="Muscle weakness (the guidance states it for people over 65)",
    source=GUIDANCE,
    says=_SHOWN,
    needs=(Concept.MUSCLE_WEAKNESS,),
    when=_coded(Concept.MUSCLE_WEAKNESS),
)
MUCH_ACTIVITY = Rule(
    id="much-activity",
    kind=Kind.RISK,
    label="Much physical activity",
    source=GUIDANCE,
    says="Running coded within {finding_days} days, or an Exercise Vital Sign of {much_activity_minutes} minutes a "
    "week or more (own limit).",
    needs=(Concept.MUCH_ACTIVITY, *ANSWERS),
    windows=(Window("finding_days", (Concept.MUCH_ACTIVITY,)),),
    when=_much_activity,
)
PREVIOUS_DVT = Rule(
    id="previous-dvt",
    kind=Kind.RISK,
    label="Previous DVT",
    source=NICE_DVT,
    says="A history code, or a DVT that is over.",
    needs=(Concept.PREVIOUS_DVT, Concept.DVT),
    effects=_OF_THROMBOSIS,
    when=_previous_thrombosis,
)
PREVIOUS_PE = Rule(
    id="previous-pe",
    kind=Kind.RISK,
    label="Previous pulmonary embolism",
    source=ACCP_RISKS,
    says="A history code, or a pulmonary embolism that is over.",
    needs=(Concept.PREVIOUS_PE, Concept.PULMONARY_EMBOLISM),
    effects=_OF_THROMBOSIS,
    when=_previous_embolism,
)
SURGERY = Rule(
    id="surgery",
    kind=Kind.RISK,
    label="Surgery in the last 12 weeks",
    source=NICE_DVT,
    says="A dated operation within {surgery_days} days.",
    needs=(Concept.SURGERY,),
    effects=_OF_THROMBOSIS,
    when=_surgery,
)
PREGNANT = Rule(
    id="pregnancy",
    kind=Kind.RISK,
    label="Pregnant, or in the weeks after birth",
    source=RCOG,
    says="Pregnant (an entry of the last {pregnancy_days} days) or within {postpartum_days} days after.",
    needs=(Concept.PREGNANCY, Concept.POSTPARTUM),
    windows=(
        Window("pregnancy_days", (Concept.PREGNANCY,)),
        Window("postpartum_days", (Concept.POSTPARTUM,)),
    ),
    effects=_OF_THROMBOSIS,
    when=_pregnant,
)
CANCER = Rule(
    id="malignancy",
    kind=Kind.RISK,
    label="Cancer",
    source=NICE_DVT,
    says="Cancer confirmed or suspected, and current; its treatment within {cancer_treatment_days} days is told, or "
    "that none is recorded.",
    needs=(Concept.MALIGNANCY,),
    effects=_OF_THROMBOSIS,
    when=_cancer,
)
BEDRIDDEN = Rule(
    id="bedridden",
    kind=Kind.RISK,
    label="Bedridden",
    source=NICE_DVT,
    says=_SHOWN,
    needs=(Concept.BEDRIDDEN,),
    effects=_OF_THROMBOSIS,
    when=_coded(Concept.BEDRIDDEN),
)
PARALYSIS = Rule(
    id="paralysis",
    kind=Kind.RISK,
    label="Paralysis or paresis",
    source=NICE_DVT,
    says=_SHOWN,
    needs=(Concept.PARALYSIS,),
    effects=_OF_THROMBOSIS,
    when=_coded(Concept.PARALYSIS),
)
THROMBOPHILIA = Rule(
    id="thrombophilia",
    kind=Kind.RISK,
    label="Thrombophilia",
    source=ACCP_RISKS,
    says=_SHOWN,
    needs=(Concept.THROMBOPHILIA,),
    effects=_OF_THROMBOSIS,
    when=_coded(Concept.THROMBOPHILIA),
)
OESTROGEN = Rule(
    id="oestrogen",
    kind=Kind.RISK,
    label="Oestrogen treatment",
    source=VINOGRADOVA,
    says=_SHOWN,
    needs=(Concept.OESTROGEN,),
    effects=_OF_THROMBOSIS,
    when=_coded(Concept.OESTROGEN),
)
OESTROGEN_PATCH = Rule(
    id="transdermal-oestrogen",
    kind=Kind.RISK,
    label="Oestrogen through the skin (transdermal), at standard doses no added risk",
    source=NICE_MENOPAUSE,
    says=_SHOWN,
    needs=(Concept.TRANSDERMAL_OESTROGEN,),
    when=_coded(Concept.TRANSDERMAL_OESTROGEN),
)
OBESITY = Rule(
    id="obesity",
    kind=Kind.RISK,
    label="Obesity",
    source=AGENO,
    says="A code that says so, or in an adult a body mass index of {obesity_kg_per_m2} kg/m2 or more.",
    needs=(Concept.OBESITY, Concept.BMI),
    effects=_OF_THROMBOSIS,
    when=_obesity,
)
SMOKING = Rule(
    id="smoking",
    kind=Kind.RISK,
    label="Smoking (a risk of arterial disease)",
    source=NICE_PAD,
    says=_SHOWN,
    needs=(Concept.SMOKING, Concept.NON_SMOKER),
    when=_smoking,
)
DIABETES = Rule(
    id="diabetes",
    kind=Kind.RISK,
    label="Diabetes (a risk of arterial disease)",
    source=NICE_PAD,
    says=_SHOWN,
    needs=(Concept.DIABETES,),
    when=_coded(Concept.DIABETES),
)
VARICOSE_VEINS = Rule(
    id="varicose-veins",
    kind=Kind.RISK,
    label="Varicose veins",
    source=CHANG,
    says=_SHOWN,
    needs=(Concept.VARICOSE_VEINS,),
    effects=_OF_THROMBOSIS,
    when=_coded(Concept.VARICOSE_VEINS),
)

RISKS = (
    *(OVER_65, INACTIVE, INSUFFICIENT, WEAKNESS, MUCH_ACTIVITY, PREVIOUS_DVT, PREVIOUS_PE, SURGERY, PREGNANT, CANCER),
    *(BEDRIDDEN, PARALYSIS, THROMBOPHILIA, OESTROGEN, OESTROGEN_PATCH, OBESITY, SMOKING, DIABETES, VARICOSE_VEINS),
)
"""All of them, in the order in which a card names them.

No risk of thrombosis is meant by smoking, which raises it slightly (Cheng 2013: 1.23 times), by diabetes, which does
not once weight is taken into account (Mahmoodi 2017), and by oestrogen through the skin.
"""
