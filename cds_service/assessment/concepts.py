"""What rules ask the record about: the clinical concepts, each named as its value set, and groups of them.

A test compares the names with the folder `cds_service/value_sets`.
"""

from __future__ import annotations

from enum import StrEnum


class Concept(StrEnum):
    """One clinical idea. Its codes are in the value set of its name."""

    ACHILLES_RUPTURE = "achilles-rupture"
    ACHILLES_STRAIN = "achilles-strain"
    ACTIVITY_DAYS = "activity-days"
    ACTIVITY_MINUTES_PER_WEEK = "activity-minutes-per-week"
    ACTIVITY_MINUTES = "activity-minutes"
    ACUTE_LIMB_ISCHAEMIA = "acute-limb-ischaemia"
    ANKLE_BRACHIAL_INDEX = "ankle-brachial-index"
    ANTICOAGULANT = "anticoagulant"
    ARTERIAL_DISEASE = "arterial-disease"
    ATRIAL_FIBRILLATION = "atrial-fibrillation"
    BACK_PAIN = "back-pain"
    BAKER_CYST = "baker-cyst"
    BEDRIDDEN = "bedridden"
    BMI = "bmi"
    BRUISE = "bruise"
    BYPASS_GRAFT = "bypass-graft"
    CALCIUM = "calcium"
    CALF_CIRCUMFERENCE = "calf-circumference"
    CANCER_TREATMENT = "cancer-treatment"
    CAST = "cast"
    CAUDA_EQUINA = "cauda-equina"
    CELLULITIS = "cellulitis"
    CHEST_PAIN = "chest-pain"
    CHRONIC_DVT = "chronic-dvt"
    CLAUDICATION = "claudication"
    COLD_LIMB = "cold-limb"
    COLD_SENSITIVITY = "cold-sensitivity"
    COMPARTMENT_SYNDROME = "compartment-syndrome"
    COMPRESSION = "compression"
    CONTUSION = "contusion"
    CORTICOSTEROID = "corticosteroid"
    CRAMP = "cramp"
    CREATINE_KINASE = "creatine-kinase"
    CYANOSIS = "cyanosis"
    D_DIMER_REQUEST = "d-dimer-request"
    D_DIMER = "d-dimer"
    DARK_URINE = "dark-urine"
    DIABETES = "diabetes"
    DIURETIC = "diuretic"
    DISTAL_DVT = "distal-dvt"
    DRUG_MYOPATHY = "drug-myopathy"
    DVT = "dvt"
    DYSPNOEA = "dyspnoea"
    EGFR = "egfr"
    ELECTROLYTE_DISORDER = "electrolyte-disorder"
    FLUOROQUINOLONE = "fluoroquinolone"
    GAIT_DISEASE = "gait-disease"
    GANGRENE = "gangrene"
    GASTROINTESTINAL_BLEEDING = "gastrointestinal-bleeding"
    GENERALISED_PAIN = "generalised-pain"
    GENERALISED_WEAKNESS = "generalised-weakness"
    GOUT = "gout"
    HAEMOPTYSIS = "haemoptysis"
    HEART_FAILURE = "heart-failure"
    HOSPICE_CARE = "hospice-care"
    IMMOBILITY = "immobility"
    INACTIVITY = "inactivity"
    INTRACRANIAL_BLEEDING = "intracranial-bleeding"
    KIDNEY_INJURY = "kidney-injury"
    LEG_ANEURYSM = "leg-aneurysm"
    LEG_HAEMATOMA = "leg-haematoma"
    LEG_INJURY = "leg-injury"
    LEG_OEDEMA_DISEASE = "leg-oedema-disease"
    LEG_REVASCULARISATION = "leg-revascularisation"
    LEG_ULCER = "leg-ulcer"
    LEG_VEIN_THROMBOSIS = "leg-vein-thrombosis"
    LEG_VEIN_ULTRASOUND = "leg-vein-ultrasound"
    LIMB_WEAKNESS = "limb-weakness"
    LUMBAR_RADICULOPATHY = "lumbar-radiculopathy"
    LUMBAR_STENOSIS = "lumbar-stenosis"
    LUNG_DISEASE = "lung-disease"
    MAGNESIUM = "magnesium"
    MALIGNANCY = "malignancy"
    MATERIAL_ALLERGY = "material-allergy"
    MUCH_ACTIVITY = "much-activity"
    MUSCLE_WEAKNESS = "muscle-weakness"
    NECROTISING_INFECTION = "necrotising-infection"
    NERVE_DISEASE = "nerve-disease"
    NEUROGENIC_CLAUDICATION = "neurogenic-claudication"
    NON_SMOKER = "non-smoker"
    NSAID = "nsaid"
    NUMBNESS_TINGLING = "numbness-tingling"
    OBESITY = "obesity"
    OBSTETRIC_DVT = "obstetric-dvt"
    OEDEMA_CAUSE = "oedema-cause"
    OESTROGEN = "oestrogen"
    PAIN_ELSEWHERE = "pain-elsewhere"
    PAIN_SEVERITY = "pain-severity"
    PAIN = "pain"
    PALLOR_CYANOSIS = "pallor-cyanosis"
    PANIC_ATTACK = "panic-attack"
    PARALYSIS = "paralysis"
    PITTING_OEDEMA = "pitting-oedema"
    PLATELETS = "platelets"
    POST_THROMBOTIC_SYNDROME = "post-thrombotic-syndrome"
    POSTPARTUM = "postpartum"
    POTASSIUM = "potassium"
    PREGNANCY_STATUS = "pregnancy-status"
    PREGNANCY = "pregnancy"
    PREVIOUS_DVT = "previous-dvt"
    PREVIOUS_PE = "previous-pe"
    PULMONARY_EMBOLISM = "pulmonary-embolism"
    PULSE_ABSENT = "pulse-absent"
    RAYNAUD = "raynaud"
    REDUCED_SENSATION = "reduced-sensation"
    REFLEX_SYNCOPE = "reflex-syncope"
    REST_PAIN = "rest-pain"
    RETENTION_INCONTINENCE = "retention-incontinence"
    RHABDOMYOLYSIS = "rhabdomyolysis"
    SADDLE_NUMBNESS = "saddle-numbness"
    SEPSIS = "sepsis"
    SEVERE_PAIN = "severe-pain"
    SKIN_COLOUR = "skin-colour"
    SMOKING_STATUS = "smoking-status"
    SMOKING = "smoking"
    SODIUM = "sodium"
    STATIN = "statin"
    STRAIN = "strain"
    STRESS_FRACTURE = "stress-fracture"
    SUPERFICIAL_VEIN_THROMBOSIS = "superficial-vein-thrombosis"
    SURGERY = "surgery"
    SWELLING = "swelling"
    SYNCOPE = "syncope"
    TENDINOPATHY = "tendinopathy"
    THROMBOPHILIA = "thrombophilia"
    TRANSDERMAL_OESTROGEN = "transdermal-oestrogen"
    VARICOSE_VEINS = "varicose-veins"
    VASCULAR_DISEASE = "vascular-disease"
    VENA_CAVA_FILTER = "vena-cava-filter"
    VENOUS_INSUFFICIENCY = "venous-insufficiency"
    WALKING_PROBLEM = "walking-problem"


ACHILLES = (Concept.ACHILLES_RUPTURE, Concept.ACHILLES_STRAIN)
INJURIES = (Concept.STRAIN, Concept.ACHILLES_STRAIN, Concept.ACHILLES_RUPTURE, Concept.CONTUSION, Concept.LEG_INJURY)
"""From knee to ankle."""

WEAKNESS = (Concept.MUSCLE_WEAKNESS, Concept.LIMB_WEAKNESS, Concept.GENERALISED_WEAKNESS)
PERFUSION = (Concept.COLD_LIMB, Concept.PULSE_ABSENT, Concept.PALLOR_CYANOSIS)
"""Signs that a leg lacks blood."""

NERVE = (Concept.NUMBNESS_TINGLING, Concept.LIMB_WEAKNESS)
"""Signs that a leg lacks nerve supply."""

CAUDA_EQUINA_SIGNS = (Concept.RETENTION_INCONTINENCE, Concept.SADDLE_NUMBNESS, Concept.CAUDA_EQUINA)
"""The last says so itself."""

NARROW_CANAL = (Concept.NEUROGENIC_CLAUDICATION, Concept.LUMBAR_STENOSIS)
"""Of the lumbar spine."""

POOR_SUPPLY = (Concept.ARTERIAL_DISEASE, Concept.LEG_ANEURYSM, Concept.VASCULAR_DISEASE)
ARTERIES_AND_EMBOLI = (
    *(*POOR_SUPPLY, Concept.CLAUDICATION, Concept.LEG_REVASCULARISATION, Concept.BYPASS_GRAFT),
    Concept.ATRIAL_FIBRILLATION,
)
"""What an artery of the leg can suddenly close by."""

EMBOLISM_SYMPTOMS = (Concept.DYSPNOEA, Concept.CHEST_PAIN, Concept.HAEMOPTYSIS, Concept.SYNCOPE)
"""The symptoms that NHS Lothian RefHelp lists for pulmonary embolism."""

SUPERFICIAL_VEINS = (Concept.SUPERFICIAL_VEIN_THROMBOSIS, Concept.LEG_VEIN_THROMBOSIS)
"""The second is of a leg vein whose depth is not stated."""

BLEEDING = (Concept.INTRACRANIAL_BLEEDING, Concept.GASTROINTESTINAL_BLEEDING)
SALTS = (Concept.POTASSIUM, Concept.MAGNESIUM, Concept.CALCIUM, Concept.SODIUM)
CAUSES = (
    *(Concept.CRAMP, Concept.STRAIN, Concept.ACHILLES_STRAIN, Concept.CONTUSION, Concept.TENDINOPATHY),
    *(Concept.CLAUDICATION, Concept.DVT, Concept.COMPARTMENT_SYNDROME),
)
"""Causes of calf pain that the guidance names (S9 to S15)."""

PASSING_CAUSES = (Concept.STRAIN, Concept.CRAMP, Concept.CONTUSION, Concept.TENDINOPATHY)
"""Those of them that heal: where nobody recorded when, they may be long over."""

MEDICINES = (
    *(Concept.ANTICOAGULANT, Concept.NSAID, Concept.STATIN, Concept.DIURETIC, Concept.FLUOROQUINOLONE),
    *(Concept.CORTICOSTEROID, Concept.OESTROGEN, Concept.TRANSDERMAL_OESTROGEN),
)
"""Named on a card as the chart names them."""
