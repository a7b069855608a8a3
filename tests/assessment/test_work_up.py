"""The state of the DVT work-up of each leg, and the age-adjusted limit, which is printed and judges nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.assessment import work_up as told
from cds_service.assessment.engine import assess, presenting
from cds_service.assessment.record import legs
from cds_service.assessment.rule import Level
from cds_service.assessment.work_up import WorkUp, work_up
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, Entry, born_years_ago, patient, read

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
RAISED: Entry = {"observation": "loinc|48065-7", "at": -1, "value": 700, "unit": "ng/mL{FEU}", "high": 500}
SCAN: Entry = {"procedure": "sct|312725000", "at": -1, "side": "left"}
DVT: Entry = {"condition": "sct|404223003", "onset": -1, "side": "left"}
APIXABAN: Entry = {"medication": "atc|B01AF02"}
LIKELY: list[Entry] = [{"condition": "icd|Z86.718"}, {"procedure": "sct|387713003", "at": -10}]
LIMIT = "age x 10 = 820 ng/mL FEU, if Wells 1 or less"
OLD = patient(birthDate=born_years_ago(82))


def of(entries: list[Entry], who: dict[str, Any] | None = None) -> WorkUp:
    assessment = assess(read(entries, who or patient()), AS_OF, Thresholds())
    (leg,) = [each for each in map(presenting, legs(assessment.record)) if each.complaint]
    return work_up(leg)


@pytest.mark.parametrize(
    ("beside", "state", "shown"),
    [
        ([], told.NOT_BEGUN, []),
        ([RAISED], told.MEASURED, ["d-dimer"]),
        ([{**RAISED, "at": -8}], told.NOT_BEGUN, []),
        ([SCAN], told.SCANNED, ["leg-vein-ultrasound"]),
        ([{"observation": "loinc|39420-5", "at": -1}], told.SCANNED, ["leg-vein-ultrasound"]),
        ([{"observation": "loinc|39420-5", "at": -1, "value": "patent"}], told.SCANNED, ["leg-vein-ultrasound"]),
        ([RAISED, SCAN], told.SCANNED, ["leg-vein-ultrasound"]),
        ([{**SCAN, "side": "right"}], told.NOT_BEGUN, []),
        ([SCAN, {**DVT, "verification": "refuted"}], told.REFUTED, ["dvt", "leg-vein-ultrasound"]),
        ([DVT], told.CONFIRMED, ["dvt"]),
        ([{**DVT, "onset": -20}, APIXABAN], told.TREATED, ["dvt", "anticoagulant"]),
    ],
)
def test_the_furthest_state_of_the_leg_is_told_with_what_shows_it(
    beside: list[Entry], state: str, shown: list[str]
) -> None:
    found = of([PAIN, *beside])
    assert (found.state, [str(fact.concept) for fact in found.evidence]) == (state, shown)


@pytest.mark.parametrize(
    ("who", "beside", "limit"),
    [
        (OLD, [RAISED], LIMIT),
        (patient(birthDate=born_years_ago(51)), [RAISED], LIMIT.replace("820", "510")),
        (patient(birthDate=born_years_ago(50)), [RAISED], ""),
        (OLD, [{**RAISED, "value": 400}], ""),
        (OLD, [{**RAISED, "observation": "loinc|48066-5", "unit": "ng/mL{DDU}"}], ""),
        (OLD, [RAISED, APIXABAN], ""),
        (patient(), [RAISED], ""),
    ],
)
def test_the_limit_by_age_is_printed_where_it_could_apply(who: dict[str, Any], beside: list[Entry], limit: str) -> None:
    assert of([PAIN, *beside], who).limit == limit


@pytest.mark.parametrize(
    ("beside", "then"),
    [
        ([RAISED, SCAN, *LIKELY], told.REPEAT),
        ([RAISED, SCAN], ""),
        ([SCAN, *LIKELY], ""),
        ([RAISED], told.NEXT_SCAN),
        (LIKELY, told.NEXT_SCAN),
        ([], ""),
    ],
)
def test_what_its_source_does_next_follows_from_the_state(beside: list[Entry], then: str) -> None:
    assert of([PAIN, *beside]).then == then


def test_the_limit_by_age_lowers_no_level() -> None:
    assert assess(read([PAIN, RAISED], OLD), AS_OF, Thresholds()).level is Level.WARNING
