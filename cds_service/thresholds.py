"""The numbers of the triage policy, each with its unit and its source.

Those marked "ours" have no published source and are to be signed off by the committee that adopts the service. Each
can be set by an environment variable of its name (`CDS_SEVERE_PAIN_SCORE=8`), but for the fixed ones: cards name these
as their source does ("Over 65", "a calf at least 3 cm larger").
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeVar

_Value = TypeVar("_Value", int, float)


def _number(default: _Value, unit: str, source: str, *, fixed: bool = False) -> _Value:
    """A field of Thresholds. mypy knows a dataclass's fields by their defaults' type, hence the one that is claimed."""
    return field(default=default, metadata={"unit": unit, "source": source, "fixed": fixed})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Each with its default, unit and source."""

    over_age_years: int = _number(
        65, "years", "Cleveland Clinic, Calf Muscle Pain (2025): over 65, so from the 66th birthday on", fixed=True
    )
    severe_pain_score: int = _number(7, "of 10", "common convention 7-10, and Serlin 1995 (upper bounds 4 and 6)")
    finding_days: int = _number(30, "days", "ours: how long a symptom or finding is new")
    ongoing_pain_first_days: int = _number(14, "days", "ours: recorded again at least so long after its first record")
    ongoing_pain_last_days: int = _number(90, "days", "ours: and at most so long after")
    limb_ischaemia_sign_days: int = _number(14, "days", "AHA/ACC 2024: acute limb ischaemia is 2 weeks or less")
    limb_ischaemia_days: int = _number(30, "days", "ours: how long a coded acute limb ischaemia is new")
    injury_days: int = _number(7, "days", "ours: how long after an injury a compartment syndrome is watched for")
    embolism_symptom_days: int = _number(7, "days", "ours: how recently symptoms of pulmonary embolism must have begun")
    embolism_complaint_days: int = _number(
        14, "days", "ours: a leg complaint without a newer date makes symptoms of pulmonary embolism one level less"
    )
    thrombosis_days: int = _number(90, "days", "ours: how long a coded DVT or pulmonary embolism is acute")
    old_thrombosis_days: int = _number(
        365, "days", "ours: how long one without an anticoagulant counts as old, beyond that as a previous one"
    )
    treated_complaint_days: int = _number(
        14, "days", "ours: how long after a treated DVT began a complaint of that leg is still its own"
    )
    acute_diagnosis_days: int = _number(90, "days", "ours: how long other acute leg diagnoses count if never closed")
    gangrene_days: int = _number(30, "days", "ours")
    ulcer_days: int = _number(
        14, "days", "Global Vascular Guidelines 2019: an ulcer of over 2 weeks, with arterial disease", fixed=True
    )
    spinal_days: int = _number(
        14, "days", "BMJ Best Practice, Cauda equina syndrome: red flags that began less than 14 days ago"
    )
    sepsis_days: int = _number(7, "days", "ours")
    rhabdomyolysis_days: int = _number(14, "days", "ours")
    laboratory_days: int = _number(7, "days", "ours: how long CK, D-dimer and potassium are current")
    ck_times_upper_limit: float = _number(
        5.0, "times", "RCEMLearning, Acute rhabdomyolysis: over 5 times the upper limit"
    )
    ck_units_per_litre: float = _number(1000.0, "U/L", "ours: about 5 x 200, where no upper limit is given")
    ck_critical_units_per_litre: float = _number(
        5000.0,
        "U/L",
        "ours: AccessMedicine names it as the least with which acute kidney injury is seen beside other illness",
    )
    ck_sign_days: int = _number(
        14, "days", "ours: how recent weakness, dark urine and kidney injury must be beside a creatine kinase"
    )
    ck_notable_times: float = _number(
        4.0, "times", "EAS 2015, table 1: over 4 times the upper limit; listed without raising the level", fixed=True
    )
    weakness_days: int = _number(7, "days", "ours: how recent weakness beside a severely low potassium must be")
    potassium_mmol_per_litre: float = _number(
        2.5, "mmol/L", "severe hypokalaemia: RCEMLearning, Disorders of potassium balance"
    )
    low_potassium_mmol_per_litre: float = _number(
        3.5, "mmol/L", "RCEMLearning: hypokalaemia; used where a result has no own limit"
    )
    low_magnesium_mmol_per_litre: float = _number(
        0.7, "mmol/L", "AAA Medicines 2025: lower end of the reference range; likewise"
    )
    low_calcium_mmol_per_litre: float = _number(
        2.2,
        "mmol/L",
        "AAA Medicines 2022: lower end of the range of adjusted calcium, used for total calcium: ours; likewise",
    )
    low_sodium_mmol_per_litre: float = _number(130.0, "mmol/L", "GPnotebook: usually without symptoms from 130 to 135")
    ankle_brachial_abnormal: float = _number(
        0.90, "ratio", "AHA/ACC 2024: an ankle-brachial index of 0.90 or less is abnormal"
    )
    ankle_brachial_severe: float = _number(
        0.60, "ratio", "Rabe 2020: no compression below it; ours: that the blood supply may then be critical"
    )
    ankle_brachial_normal: float = _number(
        1.00, "ratio", "AHA/ACC 2024: 1.00 to 1.40 is normal, between the two borderline"
    )
    ankle_brachial_noncompressible: float = _number(
        1.40, "ratio", "AHA/ACC 2024: over 1.40 the vessels cannot be compressed"
    )
    ankle_brachial_days: int = _number(
        90, "days", "ours: how long an ankle-brachial index is recent, so that none is offered"
    )
    appointment_warning_days: int = _number(
        1, "days", "ours; NICE NG158 1.1.4 has the scan of a likely DVT within 24 hours"
    )
    alone_days: int = _number(
        14, "days", "ours: how long cellulitis and an injury of the Achilles tendon open a card alone"
    )
    cellulitis_days: int = _number(30, "days", "ours: how long cellulitis warns beside another complaint of the leg")
    achilles_days: int = _number(42, "days", "ours")
    postpartum_days: int = _number(42, "days", "ours: 6 weeks; RCOG 37b (2015) covers the puerperium")
    pregnancy_days: int = _number(294, "days", "ours: how long an undelivered pregnancy entry is current (42 weeks)")
    ultrasound_days: int = _number(
        5,
        "days",
        "ours: how long an ultrasound of the leg veins is recent; NICE NG158 repeats a negative one after 6 to 8 where "
        "the Wells score was 2 or more and the D-dimer raised",
    )
    surgery_days: int = _number(84, "days", "NICE NG158 Table 1: within 12 weeks", fixed=True)
    cast_days: int = _number(30, "days", "ours: 'recent' plaster immobilisation in NICE NG158 Table 1")
    calf_difference_cm: float = _number(3.0, "cm", "NICE NG158 Table 1: at least 3 cm", fixed=True)
    wells_likely_points: int = _number(2, "points", "NICE NG158 Table 1: 2 or more is 'DVT likely'", fixed=True)
    unread_entry_days: int = _number(
        90, "days", "ours: how long an entry that no rule could read keeps home care from being listed"
    )
    known_before_days: int = _number(
        30, "days", "ours: a chronic disease that was on record so long before is not new when it is coded again"
    )
    explaining_days: int = _number(30, "days", "ours: a disease must be older to explain a sign")
    bruise_explaining_days: int = _number(14, "days", "ours: an injury of so many days explains a bruise of that leg")
    bleeding_risk_days: int = _number(
        90, "days", "ours: how long a bleeding, a platelet count and an eGFR are told beside a clot"
    )
    low_platelets: float = _number(
        50.0,
        "x 10*9/L",
        "ISTH 2018 (Samuelson Bannow and others, doi 10.1111/jth.14015), quoted in a table of Blood (ASH): full doses "
        "of an anticoagulant from 50 on, in cancer; for others ours",
    )
    low_egfr: float = _number(15.0, "mL/min", "ours: below it most anticoagulants by mouth are not meant")
    nerve_explaining_days: int = _number(14, "days", "ours: a Condition must be older to explain a nerve sign")
    pain_score_hours: int = _number(24, "hours", "ours: the highest score of so many hours counts")
    adult_years: int = _number(18, "years", "NICE NG158 covers people aged 18 and over", fixed=True)
    fluoroquinolone_days: int = _number(
        90, "days", "ours: how long after its order a fluoroquinolone that ended may harm a tendon; FDA: for months"
    )
    fluoroquinolone_age_years: int = _number(
        60, "years", "FDA 2008: over 60 a fluoroquinolone is a higher risk to a tendon", fixed=True
    )
    obesity_kg_per_m2: float = _number(30.0, "kg/m2", "WHO, Global Health Observatory: obesity in adults")
    sufficient_activity_minutes: float = _number(
        150.0, "minutes a week", "Exercise Vital Sign (Coleman 2012): less is insufficient"
    )
    much_activity_minutes: float = _number(420.0, "minutes a week", "ours: an hour a day on average is much activity")
    cancer_treatment_days: int = _number(183, "days", "NICE NG158 Table 1: treatment within 6 months", fixed=True)


FIXED = tuple(each.name for each in fields(Thresholds) if each.metadata["fixed"])
"""The names of those that cannot be set."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the policy: what is in force, what comes with the service, and whether that cannot be set."""

    name: str
    value: float
    default: float
    unit: str
    source: str
    fixed: bool


def numbers(thresholds: Thresholds) -> tuple[Number, ...]:
    """Those in force, in the order of the policy."""
    shipped = Thresholds()
    return tuple(
        Number(
            each.name,
            getattr(thresholds, each.name),
            getattr(shipped, each.name),
            each.metadata["unit"],
            each.metadata["source"],
            each.metadata["fixed"],
        )
        for each in fields(Thresholds)
    )
