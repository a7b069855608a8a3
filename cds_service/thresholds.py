"""The numbers of the triage policy, each with its unit and its source.

Those marked "ours" have no published source and are to be signed off by the committee that adopts the service. Each
can be set by an environment variable of its name (`CDS_SEVERE_PAIN_SCORE=8`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Defaults of the policy; days unless the name says otherwise."""

    over_age_years: int = 65  # Cleveland Clinic, Calf Muscle Pain (2025): over 65, so from the 66th birthday on
    severe_pain_score: int = 7  # of 10; common convention 7-10, and Serlin 1995 (upper bounds 4 and 6)
    finding_days: int = 30  # ours: how long a symptom or finding is new
    ongoing_pain_first_days: int = 14  # ours: recorded again at least so long after its first record
    ongoing_pain_last_days: int = 90  # ours: and at most so long after
    limb_ischaemia_sign_days: int = 14  # AHA/ACC 2024: acute limb ischaemia is 2 weeks or less
    limb_ischaemia_days: int = 30  # ours: how long a coded acute limb ischaemia is new
    injury_days: int = 7  # ours: how long after an injury a compartment syndrome is watched for
    embolism_symptom_days: int = 7  # ours: how recently symptoms of pulmonary embolism must have begun
    thrombosis_days: int = 90  # ours: how long a coded DVT or pulmonary embolism is acute
    acute_diagnosis_days: int = 90  # ours: how long other acute leg diagnoses count if never closed
    gangrene_days: int = 30  # ours
    sepsis_days: int = 7  # ours
    rhabdomyolysis_days: int = 14  # ours
    laboratory_days: int = 7  # ours: how long CK, D-dimer and potassium are current
    ck_times_upper_limit: float = 5.0  # common definition of rhabdomyolysis, >= 5 times the upper limit
    ck_units_per_litre: float = 1000.0  # the same where no upper limit is given
    potassium_mmol_per_litre: float = 2.5  # severe hypokalaemia: RCEMLearning, Disorders of potassium balance
    appointment_warning_days: int = 1  # ours; NICE NG158 1.1.4 has the scan of a likely DVT within 24 hours
    achilles_days: int = 42  # ours
    postpartum_days: int = 42  # RCOG Green-top Guideline 37b (2015): up to 6 weeks
    pregnancy_days: int = 294  # ours: how long an undelivered pregnancy entry is current (42 weeks)
    ultrasound_days: int = 7  # ours: how long an ultrasound of the leg veins is recent
    surgery_days: int = 84  # NICE NG158 Table 1: within 12 weeks
    cast_days: int = 30  # ours: "recent" plaster immobilisation in NICE NG158 Table 1
    calf_difference_cm: float = 3.0  # NICE NG158 Table 1: at least 3 cm
    wells_likely_points: int = 2  # NICE NG158 Table 1: 2 or more is "DVT likely"
    explaining_days: int = 30  # ours: a Condition must be older to explain a both-sided swelling
    nerve_explaining_days: int = 14  # ours: a Condition must be older to explain a nerve sign
    pain_score_hours: int = 24  # ours: the highest score of so many hours counts
    adult_years: int = 18  # NICE NG158 covers people aged 18 and over
    obesity_kg_per_m2: float = 30.0  # WHO, Global Health Observatory: obesity in adults
    sufficient_activity_minutes: float = 150.0  # a week; Exercise Vital Sign (Coleman 2012): less is insufficient
    much_activity_minutes: float = 420.0  # a week; ours: an hour a day on average is much activity
    cancer_treatment_days: int = 183  # NICE NG158 Table 1: treatment within 6 months
