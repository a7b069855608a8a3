"""Risk factors on the record. Those of the guidance come first; the others name where they come from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from cds_service.assessment.diagnoses import pregnant_or_postpartum, recent_surgery
from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Finding, Rule, stated
from cds_service.assessment.sources import GUIDANCE, NICE_DVT, OURS, RCOG
from cds_service.facts import State

OVER_65 = Rule("over-65", "Over 65", GUIDANCE)
INACTIVE = Rule("inactive", "Inactive (the guidance states it for people over 65)", GUIDANCE)
WEAKNESS = Rule("muscle-weakness", "Muscle weakness (the guidance states it for people over 65)", GUIDANCE)
MUCH_ACTIVITY = Rule("much-activity", "Much physical activity", GUIDANCE)
PREVIOUS_DVT = Rule("previous-dvt", "Previous DVT", NICE_DVT)
PREVIOUS_PE = Rule("previous-pe", "Previous pulmonary embolism", OURS)
SURGERY = Rule("surgery", "Surgery in the last 12 weeks", NICE_DVT)
PREGNANT = Rule("pregnancy", "Pregnant, or within 6 weeks after", RCOG)
CANCER = Rule("malignancy", "Cancer", NICE_DVT)
BEDRIDDEN = Rule("bedridden", "Bedridden", NICE_DVT)
PARALYSIS = Rule("paralysis", "Paralysis or paresis", NICE_DVT)
THROMBOPHILIA = Rule("thrombophilia", "Thrombophilia", OURS)
OESTROGEN = Rule("oestrogen", "Oestrogen treatment", OURS)
OBESITY = Rule("obesity", "Obesity", OURS)
SMOKING = Rule("smoking", "Smoking", OURS)
DIABETES = Rule("diabetes", "Diabetes", OURS)
VARICOSE_VEINS = Rule("varicose-veins", "Varicose veins", OURS)
THROMBOSIS_RISKS = frozenset(
    {
        *("previous-dvt", "previous-pe", "malignancy", "bedridden", "paralysis", "thrombophilia"),
        *("oestrogen", "obesity", "surgery", "pregnancy", "varicose-veins"),
    }
)
"""Risk factors of venous thrombosis: named first on a card that has no red flag."""


def age_years(born: tuple[date, date] | None, today: date) -> tuple[int, int] | None:
    """Least and greatest age, in completed years, that the recorded birth date allows; None if it is not recorded.

    Who was born on 29 February completes a year on 1 March of a common year.
    """
    if born is None:
        return None
    return _completed(born[1], today), _completed(born[0], today)


def _completed(birthday: date, today: date) -> int:
    return today.year - birthday.year - ((today.month, today.day) < (birthday.month, birthday.day))


def over_65(leg: Leg) -> Finding:
    """Over 65 (S17): from the 66th birthday on. Unknown when the recorded birth date allows both."""
    age = age_years(leg.chart.patient.born, leg.as_of.date())
    limit = leg.thresholds.over_age_years
    if age is None or age[0] <= limit < age[1]:
        return Finding(OVER_65, State.UNKNOWN)
    return Finding(OVER_65, State.PRESENT if age[0] > limit else State.ABSENT)


def _inactive(rule: Rule, leg: Leg) -> Finding:
    """Inactive (S20): a code that says so, or an Exercise Vital Sign of no minutes or no days a week."""
    answers = leg.within(
        leg.any_of("activity-days", "activity-minutes", "activity-minutes-per-week"), leg.thresholds.activity_days
    )
    measured = [fact for fact in answers if fact.quantity is not None and fact.quantity.value is not None]
    none_at_all = [fact for fact in measured if fact.quantity and fact.quantity.value == 0]
    return stated(rule, [*leg.present("inactivity"), *none_at_all], measured)


def _previous_thrombosis(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, leg.past("previous-dvt", "dvt"))


def _previous_embolism(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, leg.past("previous-pe", "pulmonary-embolism"))


def _surgery(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, recent_surgery(leg))


def _pregnant(rule: Rule, leg: Leg) -> Finding:
    return stated(rule, pregnant_or_postpartum(leg))


def _obesity(rule: Rule, leg: Leg) -> Finding:
    """Coded, or a body mass index of at least 30 kg/m2."""
    measured = leg.present("bmi")
    heavy = [
        fact
        for fact in measured
        if fact.quantity and fact.quantity.value is not None and fact.quantity.value >= leg.thresholds.obesity_kg_per_m2
    ]
    return stated(rule, [*leg.present("obesity"), *heavy], measured)


def _coded(rule: Rule, leg: Leg) -> Finding:
    """By the concept that is named as the rule is."""
    return stated(rule, leg.present(rule.id), leg.absent(rule.id))


RECORDED: tuple[tuple[Finding, tuple[str, ...], Callable[[Rule, Leg], Finding]], ...] = tuple(
    (Finding(rule, State.UNKNOWN), concepts, state)
    for rule, concepts, state in (
        (INACTIVE, ("inactivity", "activity-days", "activity-minutes", "activity-minutes-per-week"), _inactive),
        (WEAKNESS, (WEAKNESS.id,), _coded),
        (MUCH_ACTIVITY, (MUCH_ACTIVITY.id,), _coded),
        (PREVIOUS_DVT, ("previous-dvt", "dvt"), _previous_thrombosis),
        (PREVIOUS_PE, ("previous-pe", "pulmonary-embolism"), _previous_embolism),
        (SURGERY, ("surgery",), _surgery),
        (PREGNANT, ("pregnancy", "postpartum"), _pregnant),
        (CANCER, (CANCER.id,), _coded),
        (BEDRIDDEN, (BEDRIDDEN.id,), _coded),
        (PARALYSIS, (PARALYSIS.id,), _coded),
        (THROMBOPHILIA, (THROMBOPHILIA.id,), _coded),
        (OESTROGEN, (OESTROGEN.id,), _coded),
        (OBESITY, ("obesity", "bmi"), _obesity),
        (SMOKING, (SMOKING.id,), _coded),
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
