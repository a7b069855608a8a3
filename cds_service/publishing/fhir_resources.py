"""The knowledge as FHIR R4 resources: a PlanDefinition and a Library for each rule set, value sets, our own codes.

https://hl7.org/fhir/R4/plandefinition.html, https://hl7.org/fhir/R4/library.html. The rules are Python and there is no
CQL: conditions are words (Expression.language text/plain), and no Library pretends to hold executable logic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.assessment.catalogue import ORDER_SET
from cds_service.assessment.citation import Citation
from cds_service.assessment.rule import Rule, RuleSet
from cds_service.assessment.sources import OURS
from cds_service.code_systems import SNOMED
from cds_service.knowledge import BASE, CARD, EXTENSION, OVERRIDE_REASON
from cds_service.publishing.publication import Publication
from cds_service.thresholds import Number, numbers

TERMINOLOGY = "terminology"
"""The id of the Library that names all value sets, also those that say where, on which side and with which answer."""

_PUBLISHER = "calf-pain-cds"
_TYPES = "http://terminology.hl7.org/CodeSystem/"
_FOCUS = {
    "code": {"system": f"{_TYPES}usage-context-type", "code": "focus"},
    "valueCodeableConcept": {
        "coding": [{"system": SNOMED, "code": "300954003", "display": "Pain in calf"}],
    },
}
_USER = {
    "code": {"system": f"{_TYPES}usage-context-type", "code": "user"},
    "valueCodeableConcept": {"text": "Health professionals who can check every line in the chart"},
}
_USAGE = (
    "Advice for health professionals, to be reviewed and signed off by the site that uses it: no committee has "
    "approved it yet, so that it has no approvalDate and stays a draft. Conditions are words for readers. What "
    "runs is Python, cds_service/assessment of calf-pain-cds; there is no CQL."
)
_COPYRIGHT = "Words and rules: calf-pain-cds, Apache-2.0. Sources are cited, not copied. SNOMED CT needs a licence."
_ORDER_HOOKS = ("order-select", "order-sign")
_HOOKS = (
    *("patient-view", "encounter-start", "problem-list-item-create", "appointment-book", "encounter-discharge"),
    *_ORDER_HOOKS,
)
_WHERE_RECORDED = {
    "symptom": (("Condition", "code"), ("Observation", "code")),
    "disease": (("Condition", "code"),),
    "history": (("Condition", "code"),),
    "measurement": (("Observation", "code"),),
    "medicine": (("MedicationRequest", "medication"),),
    "procedure": (("Procedure", "code"),),
}


def fhir_resources(published: Publication) -> list[dict[str, Any]]:
    """Plan definitions, libraries, value sets, the code system. The same knowledge gives the same resources."""
    as_shipped = [
        *[_plan(each, published) for each in published.rule_sets],
        *[_library(each, published) for each in published.rule_sets],
        _terminology(published),
        *published.value_sets.values(),
        _override_reasons(published),
        _cards(published),
    ]
    found: list[dict[str, Any]] = json.loads(json.dumps(as_shipped).replace(BASE, published.base))
    return found


def bundle(published: Publication) -> dict[str, Any]:
    """All resources in one, as a collection."""
    return {
        "resourceType": "Bundle",
        "id": "knowledge",
        "identifier": {"system": f"{published.base}knowledge-version", "value": published.version},
        "type": "collection",
        "entry": [{"fullUrl": each["url"], "resource": each} for each in fhir_resources(published)],
    }


def _plan(rules: RuleSet, published: Publication) -> dict[str, Any]:
    hooks = _ORDER_HOOKS if rules is ORDER_SET else _HOOKS
    return {
        **_head("PlanDefinition", rules.id, rules.title, rule_set_version(rules, published)),
        "type": _code("plan-definition-type", "eca-rule"),
        **_about(rules, published),
        "library": [f"{BASE}Library/{rules.id}|{rule_set_version(rules, published)}"],
        "action": [
            {
                "id": rules.id,
                "title": rules.title,
                "trigger": [{"type": "named-event", "name": hook} for hook in hooks],
                "groupingBehavior": "logical-group",
                "selectionBehavior": "any",
                "action": [_action(rule, published) for rule in rules.rules],
            }
        ],
    }


def _action(rule: Rule, published: Publication) -> dict[str, Any]:
    """One rule. `description` says what it leads to."""
    words = rule.condition(published.thresholds)
    leads_to = f"Speaks through the card {rule.card}." if rule.card else "Decides on no card by itself."
    if rule in published.off:
        leads_to = "Switched off at this site."
    return {
        "id": rule.id,
        "title": rule.label,
        "description": leads_to,
        "documentation": [_citation(rule.source)],
        "condition": [{"kind": "applicability", "expression": {"language": "text/plain", "expression": words}}],
    }


def _library(rules: RuleSet, published: Publication) -> dict[str, Any]:
    named = {name for rule in rules.rules for name in rule.numbers}
    parameters = [_parameter(each) for each in numbers(published.thresholds) if each.name in named]
    needs = [each for concept in rules.concepts for each in _data_requirements(published.value_sets[concept])]
    depends = [
        *[canonical(published.value_sets[concept]) for concept in rules.concepts],
        f"{BASE}Library/{TERMINOLOGY}|{published.version}",
    ]
    about = _about(rules, published)
    return {
        **_head("Library", rules.id, rules.title, rule_set_version(rules, published)),
        "type": _code("library-type", "logic-library"),
        **about,
        "relatedArtifact": [
            *about["relatedArtifact"],
            *[{"type": "depends-on", "resource": each} for each in depends],
        ],
        **({"parameter": parameters} if parameters else {}),
        **({"dataRequirement": needs} if needs else {}),
    }


def _terminology(published: Publication) -> dict[str, Any]:
    return {
        **_head("Library", TERMINOLOGY, "Value sets of the calf pain service", published.version),
        "type": _code("library-type", "asset-collection"),
        "description": "All value sets: what a code is, where on the body, on which side, and which answer.",
        "usage": _USAGE,
        "copyright": "Code systems have licences of their own: see the copyright of each value set.",
        "relatedArtifact": [
            {"type": "composed-of", "resource": canonical(each)} for each in published.value_sets.values()
        ],
    }


def _override_reasons(published: Publication) -> dict[str, Any]:
    shared = published.cards.shared
    return {
        **_head("CodeSystem", OVERRIDE_REASON, "Reasons to override a card of the calf pain service", shared.version),
        "description": "What a clinician may give as the reason for dismissing a card. Each card offers some of them.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(shared.override_reasons),
        "concept": [{"code": code, "display": display} for code, display in shared.override_reasons.items()],
    }


def _cards(published: Publication) -> dict[str, Any]:
    topics = [card.source.topic for card in published.cards.cards.values() if card.source.topic]
    return {
        **_head("CodeSystem", CARD, "Cards of the calf pain service", published.version),
        "description": "What a card is about: the topic of its source. Each card has one of its own.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(topics),
        "concept": [{"code": topic.code, "display": topic.display} for topic in topics],
    }


def _head(kind: str, name: str, title: str, version: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": name,
        "url": f"{BASE}{kind}/{name}",
        "version": version,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "draft",
        "experimental": True,
        "publisher": _PUBLISHER,
    }


def _about(rules: RuleSet, published: Publication) -> dict[str, Any]:
    """What plan and library say alike: purpose, use, whom to ask, when it was reviewed, what it rests on."""
    written = published.written(rules)
    return {
        "contact": [{"name": written.owner}],
        "description": rules.purpose,
        "usage": _USAGE,
        "copyright": _COPYRIGHT,
        "lastReviewDate": written.reviewed.isoformat(),
        "effectivePeriod": {"end": written.review_due.isoformat()},
        "useContext": [_FOCUS, _USER],
        "topic": [_code("definition-topic", "assessment")],
        "relatedArtifact": [_citation(source) for source in sources(rules.rules)],
    }


def sources(rules: Iterable[Rule]) -> list[Citation]:
    """Each source that these rules rest on, once; our own last."""
    cited = dict.fromkeys(rule.source for rule in rules)
    return sorted(cited, key=lambda source: source is OURS)


def _citation(source: Citation) -> dict[str, Any]:
    """A rule of our own has no other source, and says so."""
    if source is OURS:
        return {"type": "documentation", "label": source.label, "display": source.title}
    read = f" ({source.section})" if source.section else ""
    return {
        "type": "citation",
        "label": source.label,
        "display": source.title,
        "citation": f"{source.label}. {source.title}. {source.dated.capitalize()}.{read}",
        "url": source.url,
    }


def _parameter(number: Number) -> dict[str, Any]:
    changed = "" if number.value == number.default else f" (set by this installation; {number.default:g} if not)"
    return {
        "name": number.name,
        "use": "in",
        "min": 0,
        "max": "1",
        "type": "decimal",
        "documentation": f"{number.value:g} {number.unit}{changed}. Source: {number.source}.",
    }


def _data_requirements(value_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": kind, "codeFilter": [{"path": path, "valueSet": canonical(value_set)}]}
        for kind, path in _WHERE_RECORDED.get(concept_kind(value_set), ())
    ]


def concept_kind(value_set: Mapping[str, Any]) -> str:
    """What the codes of a value set are: symptom, disease, medicine, site, ..."""
    return next((each["valueCode"] for each in value_set["extension"] if each["url"] == f"{EXTENSION}concept-kind"), "")


def canonical(resource: Mapping[str, Any]) -> str:
    """How others refer to it: address and version."""
    return f"{resource['url']}|{resource['version']}"


def rule_set_version(rules: RuleSet, published: Publication) -> str:
    """The set's own version, and the digest of all content: the words of a rule hold the numbers in force."""
    return f"{published.written(rules).version}+{published.version.partition('+')[2]}"


def _code(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_TYPES}{system}", "code": code}]}
