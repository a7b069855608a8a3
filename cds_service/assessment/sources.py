"""Every source that a rule or a card rests on, once.

`url` is the publisher's own page or a DOI. Which copy was read, where it was not that, stands in docs/sources.md.
"""

from __future__ import annotations

from cds_service.assessment.citation import Citation

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
_AHA_PAD_TITLE = (
    "2024 ACC/AHA/AACVPR/APMA/ABC/SCAI/SVM/SVN/SVS/SIR/VESS guideline for the management of lower extremity peripheral "
    "artery disease"
)
_AHA_PAD_URL = "https://doi.org/10.1161/CIR.0000000000001251"
AHA_PAD = Citation(
    "AHA/ACC 2024",
    _AHA_PAD_TITLE,
    2024,
    _AHA_PAD_URL,
    "pocket version, p. 3: acute limb ischaemia, claudication; read 2026-11-23",
)
AHA_ABI = Citation(
    "AHA/ACC 2024",
    _AHA_PAD_TITLE,
    2024,
    _AHA_PAD_URL,
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
    "https://doi.org/10.1016/j.jvs.2019.02.016",
    "abstract; read 2026-11-23",
)
BOAST = Citation(
    "BOAST 2014",
    "BOAST 10: diagnosis and management of compartment syndrome of the limbs (British Orthopaedic Association)",
    2014,
    "https://www.boa.ac.uk/resources/boasts/boast-10-pdf.html",
    "read 2026-11-23",
)
RCOG = Citation(
    "RCOG 2015",
    "Green-top Guideline 37b: thromboembolic disease in pregnancy and the puerperium, acute management",
    2015,
    "https://www.rcog.org.uk/en/guidelines-research-services/guidelines/gtg37b/",
    "third edition, April 2015; read 2026-11-23",
)
AAOS = Citation(
    "AAOS 2009",
    "Guideline on acute Achilles tendon rupture (adopted 2009, reaffirmed 2014)",
    2009,
    "https://www.aaos.org/aaosnow/2010/mar/research/research1/",
    "summary of the guideline; read 2026-11-23. The address is AAOS's own news of it. That a gap is often not felt and "
    "walking can stay possible: Boyd and others, Achilles tendon rupture: how to avoid missing the diagnosis (Br J Gen "
    "Pract 2015;65:668-669, https://doi.org/10.3399/bjgp15X688069)",
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
    None,
    "https://apps.nhslothian.scot/refhelp/guidelines/respiratory/pulmonaryembolism-suspected",
    "symptoms",
    read="2026-11-23",
)
POTASSIUM = Citation(
    "RCEMLearning",
    "Disorders of potassium balance",
    None,
    "https://www.rcemlearning.co.uk/modules/disorders-of-potassium-balance/",
    "severe below 2.5 mmol/L (a teaching source)",
    read="2026-11-23",
)
RABE = Citation(
    "Rabe 2020",
    "Risks and contraindications of medical compression treatment (Phlebology 2020;35:447-460)",
    2020,
    "https://doi.org/10.1177/0268355520909066",
    "contraindications and their limits, as a digest by Rabe and Pannier gives them; read 2026-11-23; the consensus "
    "itself was not read",
)
SUPERFICIAL_VEIN = Citation(
    "CALISTO 2013",
    "Clinical relevance of symptomatic superficial-vein thrombosis extension: lessons from the CALISTO study "
    "(Blood 2013;122:1724-1729)",
    2013,
    "https://doi.org/10.1182/blood-2013-04-498014",
    "abstract: how often an untreated one extends, and what follows; read 2026-11-25",
)
SUPERFICIAL_TREATMENT = Citation(
    "TSCVS 2021",
    "National guidelines on the management of venous thromboembolism: joint guideline of the Turkish Society of "
    "Cardiovascular Surgery, National Society of Vascular and Endovascular Surgery, and Phlebology Society",
    2021,
    "https://doi.org/10.5606/tgkdc.dergisi.2021.22121",
    "table of recommendations on superficial vein thrombosis, which goes by ESVS 2021: length and distance from the "
    "deep vein decide; read 2026-12-01",
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
    "https://doi.org/10.1016/j.ijscr.2024.109361",
    "abstract: anticoagulants and age as risks, mistaken for DVT; read 2026-11-25 (a case report)",
)
BMJ_NECROTISING = Citation(
    "BMJ Best Practice",
    "Necrotising fasciitis, diagnosis approach (topic 821, last reviewed 2025-02-12)",
    2025,
    "https://bestpractice.bmj.com/topics/en-gb/821/diagnosis-approach",
    "key recommendations; read 2026-11-25 (needs a licence)",
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
    "2018 guideline on the management of blood cholesterol (replaced in March 2026)",
    2018,
    "https://doi.org/10.1161/CIR.0000000000000625",
    "pocket version, p. 26: creatine kinase for severe muscle symptoms or objective weakness; read 2026-11-25. What "
    "replaced it was not read: https://doi.org/10.1161/CIR.0000000000001423",
)
RHABDOMYOLYSIS = Citation(
    "RCEMLearning",
    "Acute rhabdomyolysis: definition",
    None,
    "https://rcemlearning.org/modules/acute-rhabdomyolysis/lessons/definition-14",
    "creatine kinase over five times the upper limit (a teaching source)",
    read="2026-11-25",
)
ELECTROLYTES = Citation(
    "AAA Medicines 2025",
    "Management of hypomagnesaemia (reviewed February 2025) and of hypocalcaemia (reviewed August 2022)",
    2025,
    "https://aaamedicines.org.uk/guidelines/electrolyte-disturbances/management-of-hypomagnesaemia",
    "reference ranges, muscle cramps among the symptoms of both; hypocalcaemia: "
    "https://aaamedicines.org.uk/guidelines/electrolyte-disturbances/management-of-hypocalcaemia/; for potassium "
    "Standard Treatment Guidelines (hypokalaemia), for sodium GPnotebook (hyponatraemia); read 2026-11-25",
)
CRAMP_MEDICINES = Citation(
    "Garrison 2012",
    "Nocturnal leg cramps and prescription use that precedes them: a sequence symmetry analysis "
    "(Arch Intern Med 2012;172:120-126)",
    2012,
    "https://doi.org/10.1001/archinternmed.2011.1029",
    "abstract; read 2026-11-25",
)
STATIN_MUSCLE = Citation(
    "EAS 2015",
    "Statin-associated muscle symptoms: European Atherosclerosis Society consensus (Eur Heart J 2015;36:1012-1022)",
    2015,
    "https://doi.org/10.1093/eurheartj/ehv043",
    "table 1, and box 1 of Eur Heart J 2018;39:2526 (https://doi.org/10.1093/eurheartj/ehy182); read 2026-11-25",
)
FLUOROQUINOLONE = Citation(
    "FDA 2008",
    "Notice of 2008-07-08: boxed warning of tendinitis and tendon rupture for fluoroquinolones for systemic use",
    2008,
    "https://www.fda.gov/drugs/drug-safety-and-availability/"
    "fda-drug-safety-communication-fda-updates-warnings-oral-and-injectable-fluoroquinolone-antibiotics",
    "the notice, and FDA's consumer update, by which drops for eye and ear are not meant; read 2026-11-25. The address "
    "is that of FDA's later communication, of 2016-07-26, which was not read",
)
STRESS_FRACTURE = Citation(
    "Am Fam Physician 2011",
    "Stress fractures: diagnosis, treatment, and prevention (2011;83:39-46)",
    2011,
    "https://www.aafp.org/pubs/afp/issues/2011/0101/p39.html",
    "summary; read 2026-11-25",
)
SCIATICA = Citation(
    "BMJ 2019",
    "Diagnosis and treatment of sciatica (BMJ 2019;367:l6273)",
    2019,
    "https://doi.org/10.1136/bmj.l6273",
    "what you need to know; read 2026-11-25",
)
GIRFT = Citation(
    "GIRFT 2023",
    "National Suspected Cauda Equina Syndrome Pathway (Getting It Right First Time, NHS England)",
    2023,
    "https://gettingitrightfirsttime.co.uk/"
    "pathway-supports-clinicians-to-diagnose-and-treat-cauda-equina-syndrome-without-delay/",
    "the notice, and what a review of the pathway in Physiotherapy (March 2024) says of it: symptoms, immediate "
    "referral to an emergency department for MRI; the pathway itself was not read; read 2026-12-01",
)
BMJ_CAUDA_EQUINA = Citation(
    "BMJ Best Practice",
    "Cauda equina syndrome, diagnosis approach (topic 3000164)",
    None,
    "https://bestpractice.bmj.com/topics/en-gb/3000164/diagnosis-approach",
    "key recommendations: red flags that began less than 14 days ago, MRI within 4 hours of the request (needs a "
    "licence)",
    read="2026-12-01",
)
NEUROGENIC = Citation(
    "BMC Musculoskelet Disord 2009",
    "Assessment and management of neurogenic claudication associated with lumbar spinal stenosis in a UK primary care "
    "musculoskeletal service: a survey of current practice among physiotherapists (Comer and others, 2009;10:121)",
    2009,
    "https://doi.org/10.1186/1471-2474-10-121",
    "background; read 2026-11-25",
)
OEDEMA = Citation(
    "Am Fam Physician 2013",
    "Edema: diagnosis and management (2013;88:102-110)",
    2013,
    "https://www.aafp.org/pubs/afp/issues/2013/0715/p102.html",
    "summary; read 2026-11-25",
)
NHS_ICE = Citation(
    "NHS Wales",
    "Using ice safely (Move Better Gwent, children's physiotherapy)",
    None,
    "https://children.movebettergwent.nhs.wales/self_management/using-ice/",
    "when no ice packs are used, and how long for a child",
    read="2026-11-25",
)
NICE_EXERCISE = Citation(
    "NICE QS52",
    "Peripheral arterial disease, quality statement 3: supervised exercise programmes",
    2014,
    "https://www.nice.org.uk/guidance/qs52/chapter/Quality-statement-3-Supervised-exercise-programmes",
    "read 2026-11-25",
)
EXERCISE_VITAL_SIGN = Citation(
    "Coleman 2012",
    "Initial validation of an exercise vital sign in electronic medical records (Med Sci Sports Exerc 2012;44:2071)",
    2012,
    "https://doi.org/10.1249/MSS.0b013e3182630ec1",
    "abstract: 0 minutes a week inactive, under 150 insufficient; read 2026-11-25. Young 2014 "
    "(https://doi.org/10.5888/pcd11.140196) has the same bands",
)
ACCP_RISKS = Citation(
    "ACCP list (Thrombosis 2012)",
    "Risk factors for venous thromboembolism from the American College of Chest Physicians, box 1 of an article",
    2012,
    "https://www.hindawi.com/journals/thrombosis/2012/837896/figbox1/",
    "previous VTE; inherited or acquired thrombophilia; the box alone was read, 2026-11-25",
)
AGENO = Citation(
    "Ageno 2008",
    "Cardiovascular risk factors and venous thromboembolism: a meta-analysis (Circulation 2008;117:93)",
    2008,
    "https://doi.org/10.1161/CIRCULATIONAHA.107.709204",
    "abstract: obesity 2.33; read 2026-11-25",
)
CHANG = Citation(
    "Chang 2018",
    "Association of varicose veins with incident venous thromboembolism and peripheral artery disease "
    "(JAMA 2018;319:807)",
    2018,
    "https://doi.org/10.1001/jama.2018.0246",
    "abstract: DVT 5.30, cause not shown; read 2026-11-25",
)
VINOGRADOVA = Citation(
    "Vinogradova 2015 and 2019",
    "Combined oral contraceptives (BMJ 2015;350:h2135), and hormone replacement therapy (BMJ 2019;364:k4810), "
    "and risk of venous thromboembolism",
    2019,
    "https://doi.org/10.1136/bmj.k4810",
    "abstracts: contraceptives 2.97 (https://doi.org/10.1136/bmj.h2135), oral replacement 1.58; read 2026-11-25",
)
NICE_MENOPAUSE = Citation(
    "NICE NG23 2015",
    "Menopause: diagnosis and management, 1.5.1",
    2015,
    "https://www.nice.org.uk/guidance/ng23",
    "transdermal replacement at standard doses: risk of VTE no greater than baseline; a quotation of the text of 2015, "
    "read 2026-11-25. The address shows the text as updated in November 2024, which was not read",
)
NICE_PAD = Citation(
    "NICE QS52",
    "Peripheral arterial disease, introduction",
    2014,
    "https://www.nice.org.uk/guidance/qs52/chapter/Introduction",
    "smoking is the most important risk factor of arterial disease of the legs, diabetes another; read 2026-11-25",
)
OURS = Citation("Calf pain CDS", "Own rule of this service, to be signed off by the adopting committee", 2026, "")
