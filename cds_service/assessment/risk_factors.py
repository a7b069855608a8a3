"""Risk factors on the record. Those of the guidance come first; the others name where they come from."""

from __future__ import annotations

from datetime import date

from cds_service.assessment.diagnoses import pregnant_or_postpartum
from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.sources import GUIDANCE, NICE_DVT, OURS, RCOG
from cds_service.facts import Course, Fact, State

OVER_65 = Rule("over-65", "Over 65", GUIDANCE)
INACTIVE = Rule("inactive", "Inactive (the guidance states it for people over 65)", GUIDANCE)
WEAKNESS = Rule("muscle-weakness", "Muscle weakness (the guidance states it for people over 65)", GUIDANCE)
MUCH_ACTIVITY = Rule("much-activity", "Much physical activity", GUIDANCE)
_OTHERS = (
    (Rule("previous-dvt", "Previous DVT", NICE_DVT), ("previous-dvt", "dvt")),
    (Rule("previous-pe", "Previous pulmonary embolism", OURS), ("previous-pe", "pulmonary-embolism")),
)
_CURRENT = (
    (Rule("malignancy", "Cancer", NICE_DVT), ("malignancy",)),
    (Rule("bedridden", "Bedridden", NICE_DVT), ("bedridden",)),
    (Rule("paralysis", "Paralysis or paresis", NICE_DVT), ("paralysis",)),
    (Rule("thrombophilia", "Thrombophilia", OURS), ("thrombophilia",)),
    (Rule("oestrogen", "Oestrogen treatment", OURS), ("oestrogen",)),
    (Rule("obesity", "Obesity", OURS), ("obesity",)),
    (Rule("smoking", "Smoking", OURS), ("smoking",)),
    (Rule("diabetes", "Diabetes", OURS), ("diabetes",)),
    (Rule("varicose-veins", "Varicose veins", OURS), ("varicose-veins",)),
)
SURGERY = Rule("surgery", "Surgery in the last 12 weeks", NICE_DVT)
PREGNANT = Rule("pregnancy", "Pregnant, or within 6 weeks after", RCOG)
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


def inactive(leg: Leg) -> Finding:
    """Inactive (S20): a code that says so, or an Exercise Vital Sign of no minutes or no days a week."""
    answers = leg.within(
        leg.present("activity-days", "activity-minutes", "activity-minutes-per-week"), leg.thresholds.activity_days
    )
    measured = [fact for fact in answers if fact.quantity is not None and fact.quantity.value is not None]
    none_at_all = [fact for fact in measured if fact.quantity and fact.quantity.value == 0]
    evidence = leg.present("inactivity") + none_at_all
    if evidence:
        return Finding(INACTIVE, State.PRESENT, tuple(evidence))
    return Finding(INACTIVE, State.ABSENT if measured else State.UNKNOWN, tuple(measured))


def risk_factors(leg: Leg) -> list[Finding]:
    """All of them, with their state. `leg` is the view of the whole patient: a risk factor has no side."""
    return [
        over_65(leg),
        inactive(leg),
        _by_code(WEAKNESS, leg, "muscle-weakness"),
        _by_code(MUCH_ACTIVITY, leg, "much-activity"),
        *(_past(rule, leg, concepts) for rule, concepts in _OTHERS),
        _finding(SURGERY, leg.within(_dated(leg.present("surgery")), leg.thresholds.surgery_days)),
        _finding(PREGNANT, pregnant_or_postpartum(leg)),
        *(_obesity(rule, leg) if rule.id == "obesity" else _by_code(rule, leg, *names) for rule, names in _CURRENT),
    ]


def _obesity(rule: Rule, leg: Leg) -> Finding:
    """Coded, or a body mass index of at least 30 kg/m2."""
    heavy = [
        fact
        for fact in leg.present("bmi")
        if fact.quantity and fact.quantity.value is not None and fact.quantity.value >= leg.thresholds.obesity_kg_per_m2
    ]
    found = _finding(rule, leg.present("obesity") + heavy)
    if found.state is State.UNKNOWN and leg.present("bmi"):
        return Finding(rule, State.ABSENT, tuple(leg.present("bmi")))
    return found


def _past(rule: Rule, leg: Leg, concepts: tuple[str, ...]) -> Finding:
    return _finding(
        rule,
        [
            fact
            for fact in leg.facts
            if fact.concept in concepts and fact.state is State.PRESENT and fact.course is Course.HISTORY
        ],
    )


def _by_code(rule: Rule, leg: Leg, *concepts: str) -> Finding:
    present = leg.present(*concepts)
    absent = [fact for fact in leg.facts if fact.concept in concepts and fact.state is State.ABSENT]
    if absent and not present:
        return Finding(rule, State.ABSENT, tuple(absent))
    return _finding(rule, present)


def _dated(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if fact.when is not None]


def _finding(rule: Rule, evidence: list[Fact]) -> Finding:
    return Finding(rule, State.PRESENT if evidence else State.UNKNOWN, tuple(dict.fromkeys(evidence)))
