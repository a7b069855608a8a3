"""When each rule finds something, in words: what is published of a rule, beside its label and source.

A number of the policy stands as `{name}` of its Threshold, so that the words say what is in force. "Recorded" is a
coded entry that counts on this leg by docs/reading-rules.md; "new" is one of the last `finding_days` days, or undated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict

from cds_service.assessment.home_care import PRECAUTIONS
from cds_service.assessment.patterns.catalogue import PATTERNS
from cds_service.assessment.rules import Rule
from cds_service.thresholds import Thresholds

SHOWN = "The record shows it."
"""Of a rule that needs no more words than its label."""


def _first_paragraph(docstring: str | None) -> str:
    return " ".join((docstring or SHOWN).partition("\n\n")[0].split())


_COMPARTMENT = (
    "a finding that raises the card for compartment syndrome, or an injury of the last {injury_days} days"
    " with severe pain, numbness or weakness"
)
HELD_BY: Mapping[str, str] = {
    "poor-supply": (
        "arterial disease of the legs, acute limb ischaemia however old, vascular disease of unstated type, "
        "claudication, an ankle-brachial index out of range, or what makes the supply critical"
    ),
    "bypass": "atherosclerosis of a bypass graft of the leg",
    "critical-supply": (
        "rest pain of arterial disease, gangrene, acute limb ischaemia, arterial disease with an ulcer, a "
        "cold leg, an absent pulse, pallor or cyanosis of either leg of the last {finding_days} days, an "
        "ankle-brachial index below {ankle_brachial_severe}"
    ),
    "compartment-height": _COMPARTMENT,
    "compartment": _COMPARTMENT,
    "clot": "DVT, superficial or unstated vein thrombosis, known or suspected",
    "possible-clot": (
        "any finding of the cards for possible DVT, superficial thrombosis, pregnancy, pulmonary embolism or "
        "known DVT; or, beside more than a cramp, a point of the Wells score, a popliteal (Baker) cyst, a "
        "raised D-dimer of the last {finding_days} days or, where the score does not apply, a previous DVT"
    ),
    "possible-clot-in-cramp": (
        "a point of the Wells score, a popliteal (Baker) cyst, a raised D-dimer of the last {finding_days} days "
        "or, where the score does not apply, a previous DVT, where the only complaint is cramp"
    ),
    "swelling": "new swelling of the leg or below the knee",
    "muscle": "rhabdomyolysis, or high creatine kinase",
    "bleeding": "a current anticoagulant and more than a cramp",
    "bleeding-in-cramp": "a current anticoagulant where the only complaint is cramp",
    "colour": "a current change of the colour of the skin",
    "infection": "cellulitis or necrotising infection of the leg",
    "ulcer": "chronic ulcer of leg or foot",
    "sensation": "neuropathy, or numbness of the last {finding_days} days",
    "raynaud": "Raynaud's disease, phenomenon or syndrome",
    "cold-sensitivity": "cryoglobulinaemia, urticaria from cold, cold autoimmune haemolytic anaemia",
    "allergy": "allergy to latex or adhesives, as a Condition",
    "heart-failure": (
        "heart failure of any kind: Rabe 2020 names NYHA IV, and III without strict indication, and no code "
        "says the class"
    ),
    "tendon": "rupture or strain of the Achilles tendon within {acute_diagnosis_days} days",
    "tendon-drug": "Achilles tendinopathy, rupture or strain, and a fluoroquinolone by mouth or vein",
    "tear": "strain of the last {finding_days} days, in which a tear is not excluded",
    "injury": "fracture, sprain or crush between knee and ankle of the last {acute_diagnosis_days} days",
    "claudication": "claudication without rest pain",
    "low-index": (
        "an abnormal ankle-brachial index (AHA/ACC 2024), not beside claudication, a supply that other "
        "entries call critical, or an injury"
    ),
    "thrombosis-risk": (
        "a previous DVT or pulmonary embolism, cancer, bed confinement, paralysis, thrombophilia, oestrogen, "
        "obesity, surgery, pregnancy or varicose veins"
    ),
    "known-clot": "a confirmed DVT of the leg",
    "diabetes": "diabetes",
    "child": "an age under {adult_years}",
    "pregnancy": "pregnancy of the last {pregnancy_days} days",
}
"""What a precaution of the home care rests on, by its id: the table of docs/home-care.md says the same."""


def _home_care() -> dict[str, str]:
    """Of each step that a precaution withholds or minds, when it does."""
    return {
        f"{verb}-{step.replace(' ', '-')}-{each.id}": f"On record: {HELD_BY[each.id]}."
        for each in PRECAUTIONS
        for verb, steps in (("leave-out", each.against), ("mind", each.minding))
        for step in steps
    }


CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "red-flags": {
        "severe-pain": "A pain score of {severe_pain_score} of 10 or more, the highest of the last {pain_score_hours} "
        "hours; or new pain or cramp coded or graded as severe.",
        "sudden-pain": "New pain, severe pain or cramp, or a pain score above 0, coded as of sudden onset. Acute pain "
        "means short and is not read as sudden.",
        "swelling": "New swelling of calf, lower leg, ankle, foot or leg. Where it is of both sides or of no recorded "
        "side, and not of the lower leg, a known cause of oedema older than {explaining_days} days explains it.",
        "discolouration": "New change of skin colour of leg, foot or toes. Explained as swelling is.",
        "walking-problem": "A new problem walking or moving.",
        "rest-pain": "Pain recorded as at rest or as begun without activity. A night cramp is not.",
        "ongoing-pain": "Calf pain recorded in the last {finding_days} days, {ongoing_pain_first_days} to "
        "{ongoing_pain_last_days} days after an earlier onset or record of it.",
    },
    "limb-threat-signs": {
        "cold-limb": "A new record of a cold leg or foot.",
        "pulse-absent": "A new record of an absent pulse of the leg.",
        "pallor-cyanosis": "New pallor or cyanosis, sited on the leg.",
        "numbness-tingling": "New numbness or tingling that no nerve disease older than {nerve_explaining_days} days "
        "explains.",
        "limb-weakness": "New weakness or paralysis of the leg that no nerve disease older than "
        "{nerve_explaining_days} days explains; of the injured muscle itself not alone.",
    },
    "critical": {
        "acute-limb-ischaemia": "Confirmed within {limb_ischaemia_days} days or undated; or suspected.",
        "limb-ischaemia-signs": "Two kinds of sign of a threatened limb within {limb_ischaemia_sign_days} days, one of "
        "them of perfusion (cold, absent pulse, pallor or cyanosis).",
        "compartment-syndrome": "Recorded or suspected, and current.",
        "compartment-signs": "An injury from knee to ankle within {injury_days} days, beside severe pain and one of "
        "numbness, weakness and an anticoagulant; or beside numbness and weakness. Pain and signs of the same days.",
        "pulmonary-embolism": "Suspected; or confirmed within {thrombosis_days} days, dated, and no current "
        "anticoagulant found.",
        "embolism-symptoms": "Dyspnoea, chest pain, haemoptysis or syncope begun within {embolism_symptom_days} days, "
        "beside a leg complaint that is not of both sides and not only cramp or claudication.",
        "dvt": "Confirmed in the leg, begun within {thrombosis_days} days or undated, not coded as chronic, and no "
        "current anticoagulant found.",
        "gangrene": "Gangrene of the leg, within {gangrene_days} days (own number) or undated.",
        "necrotising-infection": "Recorded or suspected, and current.",
        "cellulitis-sepsis": "Cellulitis of the leg, and sepsis recorded within {sepsis_days} days.",
        "rhabdomyolysis": "Recorded within {rhabdomyolysis_days} days.",
        "creatine-kinase": "A result of the last {laboratory_days} days over {ck_times_upper_limit} times its own "
        "upper limit; without one, over {ck_units_per_litre} U/L.",
    },
    "warning": {
        "suspected-dvt": "DVT of the leg recorded as unconfirmed, provisional or differential, and current.",
        "d-dimer": "A D-dimer of the last {laboratory_days} days over its own upper limit, or flagged as high by its "
        "laboratory. No other limit is used.",
        "wells": "The items that the record shows add up to {wells_likely_points} or more. The 2 points that go off "
        "for a likelier diagnosis are a clinician's judgement and are never subtracted.",
        "pregnancy": "Pregnant (an entry of the last {pregnancy_days} days) or within {postpartum_days} days after, "
        "and new calf pain that is not coded as cramp.",
        "treated-thrombosis": "A confirmed DVT or pulmonary embolism, a current anticoagulant, and a leg complaint "
        "that is, or may be, newer than it.",
        "old-thrombosis": "A confirmed DVT or pulmonary embolism, active for over {thrombosis_days} days, coded as "
        "chronic or (embolism) undated, and no current anticoagulant found.",
        "superficial-thrombosis": "Recorded or suspected, and current; of a leg vein whose depth is not stated too.",
        "claudication": "Recorded or suspected, and current; its type may be unstated, neurogenic is not meant.",
        "arterial-rest-pain": "Rest pain recorded, and current.",
        "lasting-gangrene": "Gangrene of the leg that began over {gangrene_days} days ago (own number), beside new "
        "calf pain.",
        "arterial-disease": "Arterial disease of the leg, a leg aneurysm, acute limb ischaemia of over "
        "{limb_ischaemia_days} days, or vascular disease of unstated type, beside new calf pain.",
        "achilles-rupture": "Recorded or suspected within {achilles_days} days or undated.",
        "achilles-strain": "Recorded within {achilles_days} days or undated: ICD-10-CM files a rupture under strain.",
        "cellulitis": "Recorded or suspected, and current.",
        "severe-pain-anticoagulant": "The red flag severe pain, and a current anticoagulant.",
        "potassium": "A result of the last {laboratory_days} days below {potassium_mmol_per_litre} mmol/L.",
    },
    "wells-dvt": {
        "wells-active-cancer": "Cancer confirmed and current. Where neither treatment within "
        "{cancer_treatment_days} days nor palliative care is recorded, that is to be confirmed.",
        "wells-paralysis-paresis-or-plaster-of-the-leg": "Paralysis or paresis confirmed and current, or plaster "
        "within {cast_days} days.",
        "wells-bedridden-or-recent-surgery": "Bedridden, or surgery within {surgery_days} days. Days in bed, and "
        "whether it was major and under anaesthesia, are not read.",
        "wells-tenderness-along-the-deep-veins": "No code of a record shows it.",
        "wells-swelling-of-the-whole-leg": "No code of a record shows it; no swelling of the leg, recorded as absent, "
        "denies it.",
        "wells-collateral-superficial-veins": "No code of a record shows it.",
        "wells-whether-another-diagnosis-is-at-least-as-likely": "A clinician's judgement, which no code of a record "
        "shows. Its two points off are never subtracted for the level.",
        "wells-calf-at-least-3-cm-larger": "Newest calf circumferences of both sides within {finding_days} days, this "
        "one at least {calf_difference_cm} cm larger.",
        "wells-pitting-oedema-of-this-leg-only": "New pitting oedema with this side recorded, and none of the other or "
        "of both.",
        "wells-previous-dvt": "A history of DVT, a closed DVT, or one active for over {thrombosis_days} days, of "
        "either leg.",
    },
    "risk-factors": {
        "over-65": "Age in completed years above {over_age_years}, over the whole range that the birth date allows.",
        "inactive": "A code that says so, or an Exercise Vital Sign of no minutes or no days a week. Immobility, bed "
        "confinement and surgery within {surgery_days} days count too (own reading).",
        "insufficient-activity": "An Exercise Vital Sign of less than {sufficient_activity_minutes} minutes a week, "
        "but more than none.",
        "much-activity": "Running coded within {finding_days} days, or an Exercise Vital Sign of "
        "{much_activity_minutes} minutes a week or more (own limit).",
        "malignancy": "Cancer confirmed or suspected, and current; its treatment within {cancer_treatment_days} days "
        "is told, or that none is recorded.",
        "previous-dvt": "A history code, or a DVT that is over.",
        "previous-pe": "A history code, or a pulmonary embolism that is over.",
        "surgery": "A dated operation within {surgery_days} days.",
        "pregnancy": "Pregnant (an entry of the last {pregnancy_days} days) or within {postpartum_days} days after.",
        "obesity": "A code that says so, or in an adult a body mass index of {obesity_kg_per_m2} kg/m2 or more.",
    },
    "next-steps": {
        "proximal-leg-vein-ultrasound": "DVT is in question, by a finding of its own or by swelling of one leg "
        "that no recorded bruise, sprain or fracture explains, and no ultrasound of the leg veins was done "
        "within {ultrasound_days} days.",
        "d-dimer": "DVT is in question and the Wells score from the record is below {wells_likely_points}; no "
        "anticoagulant, no superficial vein thrombosis, and no D-dimer of the last {laboratory_days} days.",
        "ankle-brachial-index": "Arterial disease is in question; no sign of a threatened limb, no DVT known or in "
        "question, and no index of the last {ankle_brachial_days} days of both legs.",
        "creatine-kinase": "Muscle breakdown is in question, or low potassium beside weakness, and no creatine kinase "
        "of the last {laboratory_days} days.",
        "suspected-diagnosis": "DVT is in question and looked for by ultrasound; it is not on the problem list, and "
        "was not refuted within {finding_days} days.",
        "patient-instructions": "Conditions and Observations were read, and no possible symptom of embolism, "
        "limb-threat sign or blood value is listed that the level does not count, nor an entry that is not "
        "interpreted; at discharge nothing was found either.",
    },
    "home-care": _home_care(),
    # told once, where the code is that decides it
    "patterns": {each.rule.id: _first_paragraph(each.judge.__doc__) for each in PATTERNS},
    "draft-orders": {
        "order-compression-arterial": "Compression beside arterial disease, claudication, rest pain, gangrene, acute "
        "limb ischaemia, a new sign of poor perfusion or an ankle-brachial index below {ankle_brachial_severe}, of a "
        "leg that may be meant.",
        "order-compression": "Compression that the home care leaves out for another reason. A warning beside "
        "compartment syndrome, recorded or in question, and beside a DVT without an anticoagulant.",
        "order-nsaid-anticoagulant": "An NSAID beside an anticoagulant, on record or among the drafts.",
        "order-nsaid-unread": "An NSAID where medicines could not be read, or a current one has no code.",
        "order-nsaid-pregnancy": "An NSAID in pregnancy. The week is not read.",
        "order-d-dimer-wells": "A D-dimer while the Wells score from the record is {wells_likely_points} or more.",
        "order-d-dimer-pregnancy": "A D-dimer in pregnancy or within {postpartum_days} days after.",
        "order-d-dimer-anticoagulant": "A D-dimer under an anticoagulant.",
        "order-ultrasound-done": "An ultrasound of the leg veins, one done within {ultrasound_days} days.",
        "order-duplicate": "Two drafts of one kind for one side, or an NSAID or statin while one is current.",
        "order-statin-ck": "A statin beside rhabdomyolysis or a high creatine kinase that raised the level.",
        "order-statin-pain": "A statin for one who takes one and has severe pain, without a creatine kinase of the "
        "last {laboratory_days} days.",
    },
}
"""By set and rule."""

_NUMBER = re.compile(r"\{(\w+)\}")


def condition(set_id: str, rule: Rule, thresholds: Thresholds) -> str:
    """When the rule finds something, with the numbers in force."""
    numbers = asdict(thresholds)
    return _NUMBER.sub(lambda name: f"{numbers[name[1]]:g}", _words(set_id, rule))


def numbers_in(set_id: str, rule: Rule) -> list[str]:
    """The names of the thresholds that its condition speaks of."""
    return _NUMBER.findall(_words(set_id, rule))


def _words(set_id: str, rule: Rule) -> str:
    return CONDITIONS.get(set_id, {}).get(rule.id, SHOWN)
