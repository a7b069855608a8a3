"""Risk factors on the record. Those of the guidance come first; the others name where they come from.

Present, absent, or unknown: absent only where the record says so. The guidance's list of "other factors" (S21) could
not be read, so nothing here is attributed to it. docs/risk-factors.md holds the same as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cds_service.assessment.activity import ANSWERS, weekly_activity
from cds_service.assessment.diagnoses import cancer_under_care, is_after_birth, pregnant_or_postpartum, recent_surgery
from cds_service.assessment.laboratory import is_at_least, is_below
from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Finding, Rule, stated
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

OVER_65 = Rule("over-65", "Over 65", GUIDANCE)
INACTIVE = Rule("inactive", "Inactive (the guidance states it for people over 65)", GUIDANCE)
INSUFFICIENT = Rule("insufficient-activity", "Less than 150 minutes of activity a week", EXERCISE_VITAL_SIGN)
WEAKNESS = Rule("muscle-weakness", "Muscle weakness (the guidance states it for people over 65)", GUIDANCE)
MUCH_ACTIVITY = Rule("much-activity", "Much physical activity", GUIDANCE)
PREVIOUS_DVT = Rule("previous-dvt", "Previous DVT", NICE_DVT)
PREVIOUS_PE = Rule("previous-pe", "Previous pulmonary embolism", ACCP_RISKS)
SURGERY = Rule("surgery", "Surgery in the last 12 weeks", NICE_DVT)
PREGNANT = Rule("pregnancy", "Pregnant, or in the weeks after birth", RCOG)
CANCER = Rule("malignancy", "Cancer", NICE_DVT)
BEDRIDDEN = Rule("bedridden", "Bedridden", NICE_DVT)
PARALYSIS = Rule("paralysis", "Paralysis or paresis", NICE_DVT)
THROMBOPHILIA = Rule("thrombophilia", "Thrombophilia", ACCP_RISKS)
OESTROGEN = Rule("oestrogen", "Oestrogen treatment", VINOGRADOVA)
OESTROGEN_PATCH = Rule(
    "transdermal-oestrogen", "Oestrogen through the skin (transdermal), at standard doses no added risk", NICE_MENOPAUSE
)
OBESITY = Rule("obesity", "Obesity", AGENO)
SMOKING = Rule("smoking", "Smoking (a risk of arterial disease)", NICE_PAD)
DIABETES = Rule("diabetes", "Diabetes (a risk of arterial disease)", NICE_PAD)
VARICOSE_VEINS = Rule("varicose-veins", "Varicose veins", CHANG)
THROMBOSIS_RISKS = frozenset(
    {
        *("previous-dvt", "previous-pe", "malignancy", "bedridden", "paralysis", "thrombophilia"),
        *("oestrogen", "obesity", "surgery", "pregnancy", "varicose-veins"),
    }
)
"""Risk factors of venous thrombosis: named first on a card that has no red flag.

Not among them: smoking, which raises the risk slightly (Cheng 2013: 1.23 times); diabetes, which does not once weight
is taken into account (Mahmoodi 2017); oestrogen through the skin.
"""

NOT_YET_BORN, AFTER_BIRTH = "Pregnant", "In the weeks after birth"
BY_IMMOBILITY = "by immobility or surgery: own reading"
INACTIVITY_POSSIBLE = "inactivity possible: own reading"
TREATMENT_UNKNOWN = "not recorded: treatment now or within 6 months, or palliative"


def over_65(leg: Leg) -> Finding:
    """Over 65 (S17): from the 66th birthday on. Unknown when the recorded birth date allows both."""
    age, limit = leg.age, leg.thresholds.over_age_years
    if age is None or age[0] <= limit < age[1]:
        return Finding(OVER_65, State.UNKNOWN)
    return Finding(OVER_65, State.PRESENT if age[0] > limit else State.ABSENT)


def _inactive(rule: Rule, leg: Leg) -> Finding:
    """Inactive (S20): coded, or an Exercise Vital Sign of 0 minutes a week.

    Immobility, bed confinement and surgery of the last 12 weeks count too: that is our own reading, and said.
    """
    activity = weekly_activity(leg)
    none_at_all = activity.evidence if activity and activity.minutes == 0 else ()
    recorded = [*leg.present("inactivity"), *none_at_all]
    present = [*recorded, *leg.any_of("immobility", "bedridden")] or recent_surgery(leg)
    some = activity.evidence if activity else ()
    return stated(rule, present, [*some, *leg.absent("inactivity")], note="" if recorded else BY_IMMOBILITY)


def _insufficient(rule: Rule, leg: Leg) -> Finding:
    """1 to 149 minutes a week: "insufficient" for the Exercise Vital Sign, not "inactive" for us (own reading)."""
    activity = weekly_activity(leg)
    if activity is None or activity.minutes is None:
        return Finding(rule, State.UNKNOWN)
    if 0 < activity.minutes < leg.thresholds.sufficient_activity_minutes:
        return stated(rule, activity.evidence, note=f"{activity.minutes:g} minutes; not inactive: own reading")
    return stated(rule, (), activity.evidence)


def _much_activity(rule: Rule, leg: Leg) -> Finding:
    """Much activity (S16): running coded in the last 30 days, or minutes a week over a limit that is our own."""
    coded = leg.new(rule.id)
    activity = weekly_activity(leg)
    if activity is None or activity.minutes is None:
        return stated(rule, coded, leg.absent(rule.id))
    limit = leg.thresholds.much_activity_minutes
    if activity.minutes < limit:
        return stated(rule, coded, activity.evidence)
    return stated(rule, [*coded, *activity.evidence], note=f"{activity.minutes:g} minutes a week; own limit: {limit:g}")


def _previous_thrombosis(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, leg.past("previous-dvt", "dvt"), leg.absent("previous-dvt"))


def _previous_embolism(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, leg.past("previous-pe", "pulmonary-embolism"), leg.absent("previous-pe"))


def _surgery(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, recent_surgery(leg), note=INACTIVITY_POSSIBLE)


def _pregnant(rule: Rule, leg: Leg) -> Finding:
    state = pregnant_or_postpartum(leg)
    label = AFTER_BIRTH if is_after_birth(state) else NOT_YET_BORN
    return stated(rule, state, leg.absent("pregnancy"), label=label)


def _cancer(rule: Rule, leg: Leg) -> Finding:
    """Cancer on record, with its recent treatment or hospice care; where none is recorded, that is said."""
    cancer = leg.present(rule.id)
    care = cancer_under_care(leg) if cancer else ()
    return stated(rule, [*cancer, *care], leg.absent(rule.id), note="" if care else TREATMENT_UNKNOWN)


def _obesity(rule: Rule, leg: Leg) -> Finding:
    """Coded, or in an adult a body mass index of at least 30 kg/m2."""
    heavy, light = _by_body_mass(leg)
    return stated(rule, [*leg.present("obesity"), *heavy], [*light, *leg.absent("obesity")])


def _by_body_mass(leg: Leg) -> tuple[Sequence[Fact], Sequence[Fact]]:
    """The body mass indices that reach the limit and those below it; the limit is one of adults."""
    if leg.age is not None and leg.age[0] < leg.thresholds.adult_years:
        return (), ()
    heavy, light = [], []
    for fact in leg.present("bmi"):
        limit = leg.thresholds.obesity_kg_per_m2
        if is_below(fact.quantity, limit):
            light.append(fact)
        elif is_at_least(fact.quantity, limit):
            heavy.append(fact)
    return heavy, light


def _smoking(rule: Rule, leg: Leg) -> Finding:
    """Smokes now; absent where the record says that the patient never did, or used to."""
    return stated(rule, leg.present(rule.id), [*leg.present("non-smoker"), *leg.absent(rule.id)])


def _coded(rule: Rule, leg: Leg) -> Finding:
    """By the concept that is named as the rule is."""
    return stated(rule, leg.present(rule.id), leg.absent(rule.id))


RECORDED: tuple[tuple[Finding, tuple[str, ...], Callable[[Rule, Leg], Finding]], ...] = tuple(
    (Finding(rule, State.UNKNOWN), concepts, state)
    for rule, concepts, state in (
        (INACTIVE, ("inactivity", "immobility", "bedridden", "surgery", *ANSWERS), _inactive),
        (INSUFFICIENT, ANSWERS, _insufficient),
        (WEAKNESS, (WEAKNESS.id,), _coded),
        (MUCH_ACTIVITY, (MUCH_ACTIVITY.id, *ANSWERS), _much_activity),
        (PREVIOUS_DVT, ("previous-dvt", "dvt"), _previous_thrombosis),
        (PREVIOUS_PE, ("previous-pe", "pulmonary-embolism"), _previous_embolism),
        (SURGERY, ("surgery",), _surgery),
        (PREGNANT, ("pregnancy", "postpartum"), _pregnant),
        (CANCER, (CANCER.id,), _cancer),
        (BEDRIDDEN, (BEDRIDDEN.id,), _coded),
        (PARALYSIS, (PARALYSIS.id,), _coded),
        (THROMBOPHILIA, (THROMBOPHILIA.id,), _coded),
        (OESTROGEN, (OESTROGEN.id,), _coded),
        (OESTROGEN_PATCH, (OESTROGEN_PATCH.id,), _coded),
        (OBESITY, ("obesity", "bmi"), _obesity),
        (SMOKING, (SMOKING.id, "non-smoker"), _smoking),
        (DIABETES, (DIABETES.id,), _coded),
        (VARICOSE_VEINS, (VARICOSE_VEINS.id,), _coded),
    )
)
"""Each risk factor that facts can show: the finding where none of its concepts is on record, these, and its state."""


def risk_factors(leg: Leg) -> tuple[Finding, ...]:
    """All of them, with their state. `leg` is the view of the whole patient: a risk factor has no side."""
    return (
        over_65(leg),
        *[state(unknown.rule, leg) if leg.mentions(concepts) else unknown for unknown, concepts, state in RECORDED],
    )
