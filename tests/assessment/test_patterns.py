"""The causes by example: one file of patterns/*.yaml for each, named as the cause.

An example is a sentence and a chart in the short form of tests/charts.py, beside which it may give members of the
`patient`, `thresholds` other than the defaults, and `unread` parts of the chart. `expect` may name: fits (does the
cause of the file?); for, against and beside (the concepts of the facts, in their order); note; missing; level.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.catalogue import CAUSES
from cds_service.assessment.engine import assess
from cds_service.assessment.rule import Kind
from cds_service.facts import Fact, Gap, Topic
from cds_service.fhir.value_sets import Terminology
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, SYSTEMS, patient, read
from tests.yaml_files import load_yaml

Example = dict[str, Any]

FILES = sorted((Path(__file__).parent / "patterns").glob("*.yaml"))
EXAMPLES: list[tuple[str, Example]] = [(path.stem, example) for path in FILES for example in load_yaml(path)]
PASSED_OVER = {
    "icd|M48.061",  # lumbar stenosis of which the code says that it causes no claudication
    "atc|S01AE03",  # ciprofloxacin for the eye
    "atc|D07AA02",  # hydrocortisone on the skin
    "atc|C03XA01",  # tolvaptan
    "rx|243670",  # aspirin 81 MG Oral Tablet
}
"""Codes of examples that the service does not know on purpose."""


@pytest.mark.parametrize(
    ("pattern", "example"), [pytest.param(stem, each, id=f"{stem}: {each['name']}") for stem, each in EXAMPLES]
)
def test_example(pattern: str, example: Example) -> None:
    assert said(pattern, assessed(example), example["expect"]) == example["expect"]


def assessed(example: Example) -> Assessment:
    chart = read(example["chart"], patient(**example.get("patient", {})))
    gaps = tuple(Gap(Topic(name), "could not be read") for name in example.get("unread", ()))
    return assess(replace(chart, gaps=(*chart.gaps, *gaps)), AS_OF, Thresholds(**example.get("thresholds", {})))


def said(pattern: str, assessment: Assessment, expect: Example) -> Example:
    """What the assessment says of just those things that the example expects, in the same form."""
    fits = [each for each in assessment.of(Kind.CAUSE) if each.rule.id == f"pattern-{pattern}"]
    says: Example = {"level": assessment.level.name.lower(), "fits": bool(fits)}
    if fits:
        (fit,) = fits
        says |= {
            "for": _concepts(fit.evidence),
            "against": _concepts(fit.against),
            "beside": _concepts(fit.beside),
            "note": fit.note,
            "missing": list(fit.missing),
        }
    return {key: says[key] for key in expect if key in says}


def _concepts(facts: tuple[Fact, ...]) -> list[str]:
    return list(dict.fromkeys(fact.concept for fact in facts))


def test_no_two_examples_share_a_name() -> None:
    names = [(stem, example["name"]) for stem, example in EXAMPLES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("pattern", [path.stem for path in FILES])
def test_every_file_is_of_a_pattern_and_has_an_example_that_fits_it_and_one_that_does_not(pattern: str) -> None:
    assert pattern in {each.id.removeprefix("pattern-") for each in CAUSES}
    fits = [example["expect"].get("fits", "for" in example["expect"]) for stem, example in EXAMPLES if stem == pattern]
    assert True in fits
    assert False in fits


def test_every_code_of_an_example_is_one_that_the_service_knows() -> None:
    """A misspelt code would let an example that expects nothing pass for the wrong reason."""
    terminology = Terminology()
    codes = {text for _stem, example in EXAMPLES for text in _texts(example["chart"]) if "|" in text}
    unknown = {text for text in codes if not terminology.meaning(SYSTEMS[text.split("|")[0]], text.split("|")[1])}
    assert unknown == PASSED_OVER


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
