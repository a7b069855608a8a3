"""Each vignette gets the level and the findings that the policy gives it, or the report lists that it does not.

Also checked: that the charts are valid R4, that each code says what the chart writes beside it, and that the set is
what the report claims: unique, cited where published, at least half of it benign.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import fhirkit
import pytest
import simple_icd_10_cm  # type: ignore[import-untyped]
from fhir.resources.R4B import get_fhir_model_class

from cds_service.assessment.raising import RAISING
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.settings import load_settings
from tests.charts import SYSTEMS
from tests.validation.answers import Answer, answers
from tests.validation.report import DISAGREEMENTS
from tests.validation.vignettes import FIXTURES, ROOT, Origin, Vignette, all_vignettes, written_vignettes

VIGNETTES = all_vignettes()
WRITTEN = written_vignettes()
RULES = {rule.id for rule in (*RAISING, *RED_FLAGS)}
# Codes of no value set and no sample patient, with the source that was read.
OTHER_CODES = {
    (SYSTEMS["rx"], "82122"): "Levofloxacin",  # cqframework/ecqm-content-qicore-2024; OHDSI/PhenotypeLibrary
}
_TAG = re.compile(r" \((finding|disorder|procedure|body structure|qualifier value|observable entity)\)$")


@pytest.fixture(scope="module")
def answered() -> dict[str, Answer]:
    return {each.vignette.id: each for each in answers(VIGNETTES, load_settings())}


@pytest.fixture(scope="module")
def listed() -> set[str]:
    """The charts that the report lists as differing from their expectation."""
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    section = text.split(DISAGREEMENTS)[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda each: each.id)
def test_it_gets_what_the_policy_gives_or_is_listed(
    vignette: Vignette, answered: dict[str, Answer], listed: set[str]
) -> None:
    answer = answered[vignette.id]
    if vignette.id in listed:
        assert answer.differs, "the report lists a difference that is none any more: run make validate"
        return
    assert answer.level is vignette.level
    assert answer.raised_by == vignette.raised_by


@pytest.mark.parametrize("vignette", WRITTEN, ids=lambda each: each.id)
def test_each_resource_is_valid_r4(vignette: Vignette) -> None:
    assert [str(issue) for issue in fhirkit.validate(vignette.bundle)] == []
    for entry in vignette.bundle["entry"]:
        resource = entry["resource"]
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert [str(issue) for issue in fhirkit.validate(resource)] == []


@pytest.mark.parametrize("vignette", WRITTEN, ids=lambda each: each.id)
def test_each_code_says_what_stands_beside_it(vignette: Vignette, displays: dict[tuple[str, str], set[str]]) -> None:
    codings = [node for node in _nodes(vignette.bundle) if "display" in node]
    wrong = [each for each in codings if each["display"] not in _known(each["system"], each["code"], displays)]
    assert wrong == []


@pytest.mark.parametrize("vignette", WRITTEN, ids=lambda each: each.id)
def test_no_code_stands_without_its_words(vignette: Vignette) -> None:
    """A reader need not know the codes. The side, the status and the like are plain words in the file."""
    main = ("code", "medicationCodeableConcept", "vaccineCode")
    resources = [entry["resource"] for entry in vignette.bundle["entry"]]
    codings = [c for each in resources for name in main for c in each.get(name, {}).get("coding", ())]
    assert [each for each in codings if "display" not in each] == []


@pytest.fixture(scope="module")
def displays() -> dict[tuple[str, str], set[str]]:
    """What the value sets and the sample patients write beside each code."""
    files = [*(ROOT / "cds_service" / "value_sets").glob("*.json"), *FIXTURES.glob("*.json")]
    known: dict[tuple[str, str], set[str]] = {code: {display} for code, display in OTHER_CODES.items()}
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        for include in content.get("compose", {}).get("include", ()):
            for concept in include.get("concept", ()):
                known.setdefault((include["system"], concept["code"]), set()).add(_bare(concept["display"]))
        for node in _nodes(content.get("entry", ())):
            if {"system", "code", "display"} <= node.keys():
                known.setdefault((node["system"], node["code"]), set()).add(_bare(node["display"]))
    return known


def _known(system: str, code: str, displays: dict[tuple[str, str], set[str]]) -> set[str]:
    if system == SYSTEMS["icd"]:
        return {simple_icd_10_cm.get_description(code)}
    return displays.get((system, code), set())


def _bare(display: str) -> str:
    return _TAG.sub("", display)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from _nodes(member)


def test_ids_are_unique() -> None:
    assert [name for name, count in Counter(each.id for each in VIGNETTES).items() if count > 1] == []


def test_the_set_is_as_large_and_as_benign_as_promised() -> None:
    """At least 60 charts beside the sample patients, 20 of them published; half of all benign, without those too."""
    origins = Counter(each.origin for each in VIGNETTES)
    assert len(WRITTEN) >= 60
    assert origins[Origin.PUBLISHED] >= 20
    benign = [each for each in VIGNETTES if each.is_benign and each.origin is not Origin.PUBLISHED]
    assert 2 * len(benign) >= len(VIGNETTES)


def test_each_published_case_is_cited_with_its_address() -> None:
    published = [each for each in VIGNETTES if each.id.startswith("published-")]
    assert [each.id for each in published] == [each.id for each in VIGNETTES if each.source]
    for each in published:
        assert each.source is not None
        assert len(each.source.citation) > 20
        assert re.fullmatch(r"https?://\S+\.\S+", each.source.url)
    addresses = [each.source.url for each in published if each.source]
    assert len(addresses) == len(set(addresses))


def test_each_story_and_reason_is_told() -> None:
    assert [each.id for each in WRITTEN if len(each.why.split()) < 3 or len(each.story.split()) < 8] == []


def test_each_rule_that_raises_is_expected_of_some_chart_and_no_other_is() -> None:
    """A rule that no chart expects has no figure in the report: add a chart that should meet it."""
    assert set().union(*(each.raised_by for each in VIGNETTES)) == RULES
