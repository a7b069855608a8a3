"""Every source that a rule or a card rests on, once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """`label` names organisation and year as a card shows it; `section` what was read, and when."""

    label: str
    title: str
    year: int
    url: str
    section: str = ""


GUIDANCE = Citation(
    "Cleveland Clinic",
    "Calf Muscle Pain (health library, last reviewed 2025-05-26)",
    2025,
    "https://my.clevelandclinic.org/health/symptoms/22274-calf-muscle-pain",
)
NICE_DVT = Citation(
    "NICE NG158",
    "Venous thromboembolic diseases: diagnosis, management and thrombophilia testing (2020, updated 2023)",
    2023,
    "https://www.nice.org.uk/guidance/ng158/chapter/Recommendations",
    "Table 1, two-level Wells score; read 2026-11-23",
)
AHA_PAD = Citation(
    "AHA/ACC 2024",
    "2024 guideline for the management of lower extremity peripheral artery disease",
    2024,
    "https://eguideline.guidelinecentral.com/i/1521560-lower-extremity-peripheral-artery-disease-2024/3",
    "pocket version, p. 3: acute limb ischaemia, claudication; read 2026-11-23",
)
AHA_ABI = Citation(
    "AHA/ACC 2024",
    "2024 guideline for the management of lower extremity peripheral artery disease",
    2024,
    "https://eguideline.guidelinecentral.com/i/1521560/15",
    "pocket version, p. 15, section 3.1: bands of the resting ankle-brachial index, toe-brachial index where it is "
    "over 1.40, exercise index where it is normal or borderline; read 2026-11-25",
)
ACC_ANEURYSM = Citation(
    "ACC 2020",
    "Patient case quiz: lower limb hypoperfusion, on popliteal artery aneurysm (American College of Cardiology)",
    2020,
    "https://www.acc.org/Education-and-Meetings/Patient-Case-Quizzes/2020/03/09/13/39/Lower-Limb-Hypoperfusion",
    "presentation: ischaemia by thrombosis or embolism, claudication, rest pain; read 2026-11-25 (a teaching source)",
)
CLTI = Citation(
    "Global Vascular Guidelines 2019",
    "Global vascular guidelines on the management of chronic limb-threatening ischemia",
    2019,
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC8365864",
    "abstract; read 2026-11-23",
)
BOAST = Citation(
    "BOAST 2014",
    "BOAST 10: diagnosis and management of compartment syndrome of the limbs (British Orthopaedic Association)",
    2014,
    "https://boa.ac.uk/resources/boast-10-pdf.html",
    "read 2026-11-23",
)
RCOG = Citation(
    "RCOG 2015",
    "Green-top Guideline 37b: thromboembolic disease in pregnancy and the puerperium, acute management",
    2015,
    "https://docslib.org/doc/1368491/",
    "a copy of the third edition, April 2015; read 2026-11-23",
)
AAOS = Citation(
    "AAOS 2009",
    "Guideline on acute Achilles tendon rupture (adopted 2009, reaffirmed 2014)",
    2009,
    "https://jesse.tg/ngc-archive/summary/7580",
    "guideline archive copy; read 2026-11-23",
)
NICE_CELLULITIS = Citation(
    "NICE NG141",
    "Cellulitis and erysipelas: antimicrobial prescribing",
    2019,
    "https://www.nice.org.uk/guidance/ng141/chapter/Recommendations",
    "read 2026-11-23",
)
PE_SYMPTOMS = Citation(
    "NHS Lothian RefHelp",
    "Pulmonary embolism (suspected): referral guidance",
    2026,
    "https://apps.nhslothian.scot/refhelp/guidelines/respiratory/pulmonaryembolism-suspected",
    "symptoms; read 2026-11-23",
)
POTASSIUM = Citation(
    "RCEMLearning",
    "Disorders of potassium balance",
    2026,
    "https://www.rcemlearning.co.uk/modules/disorders-of-potassium-balance/",
    "severe below 2.5 mmol/L; read 2026-11-23 (a teaching source)",
)
RABE = Citation(
    "Rabe 2020",
    "Risks and contraindications of medical compression treatment (Phlebology 2020;35:447-460)",
    2020,
    "https://www.phlebolymphology.org/risks-and-contraindications-of-medical-compression-treatment/",
    "the authors' own summary; read 2026-11-23",
)
SUPERFICIAL_VEIN = Citation(
    "CALISTO 2013",
    "Clinical relevance of symptomatic superficial-vein thrombosis extension (Blood 2013;122:1724-1729)",
    2013,
    "http://ashpublications.net/blood/article-split/122/10/1724/31714/Clinical-relevance-of-symptomatic-superficial-vein",
    "abstract: how often an untreated one extends, and what follows; read 2026-11-25",
)
BAKER_CYST = Citation(
    "Am J Med Sci 2023",
    "Ruptured Baker's cyst, images in the medical sciences (S0002-9629(23)00007-1)",
    2023,
    "https://www.amjmedsci.org/article/S0002-9629(23)00007-1/fulltext",
    "case and discussion: resembles DVT, bruise at the ankle, ultrasound; read 2026-11-25 (a case report)",
)
CALF_HAEMATOMA = Citation(
    "Mohamed 2024",
    "Case report of unique presentation of spontaneous calf hematoma (Int J Surg Case Rep 2024;116:109361)",
    2024,
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC10943655",
    "abstract: anticoagulants and age as risks, mistaken for DVT; read 2026-11-25 (a case report)",
)
BMJ_NECROTISING = Citation(
    "BMJ Best Practice",
    "Necrotising fasciitis, diagnosis approach (topic 821)",
    2026,
    "https://bestpractice.bmj.com/topics/en-gb/821/diagnosis-approach",
    "key recommendations, in the copy of a university library, undated; read 2026-11-25",
)
FDA_NSAID = Citation(
    "FDA 2020",
    "Drug safety communication of 2020-10-15: NSAIDs in pregnancy at 20 weeks or later",
    2020,
    "https://www.fda.gov/drugs/drug-safety-and-availability/"
    "fda-recommends-avoiding-use-nsaids-pregnancy-20-weeks-or-later-because-they-can-result-low-amniotic",
    "avoid at 20 weeks or later; read 2026-11-25",
)
AHA_CHOLESTEROL = Citation(
    "AHA/ACC 2018",
    "2018 guideline on the management of blood cholesterol",
    2018,
    "https://eguideline.guidelinecentral.com/i/1512420/25",
    "pocket version, p. 26: creatine kinase for severe muscle symptoms or objective weakness; read 2026-11-25",
)
OURS = Citation("Calf pain CDS", "Own rule of this service, to be signed off by the adopting committee", 2026, "")
