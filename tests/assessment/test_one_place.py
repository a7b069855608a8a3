"""One place for each fact: concepts and groups of them in `concepts`, numbers of the policy in `thresholds`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from cds_service.assessment import concepts
from cds_service.assessment.concepts import Concept
from cds_service.fhir.value_sets import Terminology

ASSESSMENT = Path(concepts.__file__).parent
RULES = ASSESSMENT / "rules"
GROUPS = {name: value for name, value in vars(concepts).items() if isinstance(value, tuple)}
NAMES_OF_SOMETHING_ELSE = {"id", "label", "card"}
"""Arguments whose text is a name or words of a rule: one may be called as what it is about."""

NOT_CLINICAL_KINDS = {"qualifier", "answer", "question", "site", "side"}
OTHER_NAMES = {
    ("dvt_pathway.py", "pregnancy"): "words of cards/_shared.md",
    ("dvt_pathway.py", "anticoagulant"): "words of cards/_shared.md",
    ("steps.py", "d-dimer"): "id of a suggestion",
    ("steps.py", "ankle-brachial-index"): "id of a suggestion",
    ("steps.py", "creatine-kinase"): "id of a suggestion",
    ("precautions.py", "compression"): "step of the home care",
}
NOT_CLINICAL = {
    ("muscle.py", 10.0): "EAS 2015, table 1: a band that is named to the reader and decides nothing",
    ("muscle.py", 4.0): "likewise",
    ("muscle.py", 3): "of the four salts those but sodium",
    ("orders.py", 3): "cards in one answer",
}
COUNTING = {-1, 0, 1, 2}
"""None, one, two, the last: places and kinds of sign are counted with them."""


def constants(tree: ast.AST) -> Iterator[ast.Constant]:
    """Those of the code, without docstrings and without the names and words of rules."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        if isinstance(node, ast.keyword) and node.arg in NAMES_OF_SOMETHING_ELSE:
            left_out |= {id(each) for each in ast.walk(node.value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in left_out:
            yield node


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_concepts_are_the_clinical_value_sets() -> None:
    known = Terminology().concepts.values()
    assert set(Concept) == {each.name for each in known if each.kind not in NOT_CLINICAL_KINDS}


def test_a_concept_is_named_as_its_value_set() -> None:
    assert {each.name: each.value for each in Concept} == {
        each.value.upper().replace("-", "_"): each.value for each in Concept
    }


def test_no_group_holds_a_concept_twice() -> None:
    assert len(GROUPS) > 10
    assert {name for name, group in GROUPS.items() if len(set(group)) < len(group)} == set()
    assert {name for name, group in GROUPS.items() if not all(isinstance(each, Concept) for each in group)} == set()


def test_no_concept_stands_as_a_bare_text() -> None:
    files = [path for path in ASSESSMENT.rglob("*.py") if path.name != "concepts.py"]
    assert len(files) > 30
    texts = [(path.name, each.value) for path in files for each in constants(parsed(path))]
    bare = {(name, text) for name, text in texts if isinstance(text, str) and text in set(Concept)}
    assert bare == OTHER_NAMES.keys()


def test_no_number_of_the_policy_stands_in_a_rule() -> None:
    numbers = {
        (path.name, each.value)
        for path in RULES.glob("*.py")
        for each in constants(parsed(path))
        if isinstance(each.value, (int, float)) and each.value not in COUNTING
    }
    assert numbers == NOT_CLINICAL.keys()
