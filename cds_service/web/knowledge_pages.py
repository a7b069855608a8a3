"""The pages of /knowledge: rules, numbers, cards, value sets, sources; and the source attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from cds_service.assessment.citation import Citation
from cds_service.assessment.rule import Rule, RuleSet
from cds_service.knowledge import EXTENSION
from cds_service.publishing.fhir_resources import concept_kind, sources
from cds_service.publishing.publication import Publication, is_of_this_site
from cds_service.publishing.source_attributes import RULE, SourceAttribute
from cds_service.settings import variable
from cds_service.thresholds import Number, numbers
from cds_service.web.pages import Markup, element, link, listing, page, paragraph, section, table, text

_TITLE = "What the calf pain service knows"
_UNITS = {"d": "days", "wk": "weeks", "a": "years"}


def knowledge_page(published: Publication, overdue: Sequence[object], today: date) -> bytes:
    """For people. `overdue`: what is past its review date today. Links are relative: a proxy may put a path before."""
    rules = [rule for rule_set in published.rule_sets for rule in rule_set.rules]
    names = [(each.id, each.title) for each in published.rule_sets]
    names += [("numbers", "Numbers"), ("cards", "Cards"), ("value-sets", "Value sets"), ("sources", "Sources")]
    return page(
        _TITLE,
        paragraph(
            f"{len(rules)} rules, the numbers in them, {len(published.cards.cards)} cards and "
            f"{len(published.value_sets)} value sets, as this installation uses them. Knowledge version ",
            element("code", published.version),
            ".",
        ),
        paragraph(
            "Advice for health professionals. No committee has signed it off yet: a site reviews it before use with "
            "patients. The conditions are words for readers; what runs is code. ",
            link("The same as FHIR R4 resources (JSON)", "knowledge?format=json"),
            " · ",
            link("Source attributes", "knowledge/source-attributes"),
        ),
        *_notices(published, overdue),
        element("nav", listing(link(title, f"#{name}") for name, title in names), aria_label="Parts of this page"),
        *[_rule_set(each, published, today) for each in published.rule_sets],
        section("numbers", "Numbers", _numbers(numbers(published.thresholds))),
        section("cards", "Cards", _cards(published, today)),
        section("value-sets", "Value sets", _value_sets(published.value_sets)),
        section("sources", "Sources", _sources(sources(rules))),
    )


def source_attributes_page(attributes: Iterable[SourceAttribute]) -> bytes:
    return page(
        "Source attributes of the calf pain service",
        paragraph(
            f"What {RULE} has certified health IT show of an evidence-based decision support intervention: a fixed set "
            "of rules that learns nothing from data. The categories of data are those of 45 CFR 170.213. ",
            link("As JSON", "source-attributes?format=json"),
            " · ",
            link("All rules, numbers, cards and value sets", "../knowledge"),
        ),
        table(
            "The thirteen attributes",
            ("Attribute", "Answer"),
            [(f"{each.number}. {each.title}", _answer(each)) for each in attributes],
        ),
    )


def _notices(published: Publication, overdue: Sequence[object]) -> list[Markup]:
    """What this site has decided, and what nobody has looked at again in time."""
    said = [paragraph(each, class_="mark") for each in published.decisions]
    if overdue:
        said.append(paragraph("Past its review date, and in use all the same:", class_="mark"))
        said.append(listing(overdue))
    return said


def _rule_set(rules: RuleSet, published: Publication, today: date) -> Markup:
    written = published.written(rules)
    rows = [
        (
            _rule(rules, rule, published, today),
            rule.condition(published.thresholds),
            _card(rule),
            _source(rule.source),
        )
        for rule in rules.rules
    ]
    return section(
        rules.id,
        rules.title,
        paragraph(rules.purpose),
        paragraph(
            f"Version {written.version}, reviewed {written.reviewed}, due again ",
            _due(written.review_due, today),
            f". Owner: {written.owner}. As FHIR: ",
            link("PlanDefinition", f"knowledge/PlanDefinition/{rules.id}"),
            ", ",
            link("Library", f"knowledge/Library/{rules.id}"),
            class_="quiet",
        ),
        table(f"Rules of the set {rules.id}", ("Rule", "When", "Card", "Source"), rows),
    )


def _rule(rules: RuleSet, rule: Rule, published: Publication, today: date) -> Markup:
    """Its label and the name by which it is switched off, with what holds for it alone."""
    name = element("code", f"{rules.id}/{rule.id}", class_="quiet")
    said = [element("div", rule.label), element("div", name)]
    if rule in published.off:
        said.append(element("strong", " Switched off at this site.", class_="mark"))
    if own := published.written_alone(rules, rule):
        due = _due(own.review_due, today)
        said.append(element("span", f" Version {own.version}, {own.owner}, due again ", due, ".", class_="quiet"))
    return Markup("".join(said))


def _card(rule: Rule) -> Markup:
    return link(rule.card, f"#card-{rule.card}") if rule.card else text("none of its own")


def _due(when: date, today: date) -> Markup:
    return element("strong", f"{when}, which is past", class_="mark") if when < today else text(when)


def _work(citation: Citation) -> str:
    """Its title, and what of it was read: of some works several parts are cited."""
    return f"{citation.title}; {citation.section}" if citation.section else citation.title


def _source(source: Citation) -> Markup:
    if not source.url:
        return text(f"own rule, {source.dated}")
    return Markup(f"{link(source.label, source.url)}{text(source.dated_label.removeprefix(source.label))}")


def _numbers(all_numbers: Iterable[Number]) -> Markup:
    rows = [
        (
            element("code", variable(each.name)),
            f"{each.value:g} {each.unit}",
            ("fixed: cards name it as its source does" if each.fixed else "as shipped")
            if each.value == each.default
            else element("strong", f"set here; {each.default:g} as shipped", class_="mark"),
            each.source,
        )
        for each in all_numbers
    ]
    return table(
        "The numbers of the policy, by the setting of each", ("Setting", "In force", "Default", "Source"), rows
    )


def _cards(published: Publication, today: date) -> Markup:
    rows = []
    for card in published.cards.cards.values():
        written = card.written
        source = link(card.source.label, card.source.url) if card.source.url else text(card.source.label)
        rows.append(
            (
                element("span", card.id, id=f"card-{card.id}"),
                card.indicator,
                source,
                f"{written.version}, {written.owner}",
                Markup(f"{text(written.reviewed)}, due {_due(written.review_due, today)}"),
            )
        )
    return table("The words of each card", ("Card", "Level", "Source", "Version and owner", "Reviewed"), rows)


def _value_sets(value_sets: Mapping[str, Mapping[str, Any]]) -> Markup:
    rows = [
        (
            link(each["title"], f"knowledge/ValueSet/{name}"),
            concept_kind(each),
            _size(each),
            _look_back(each),
            f"{each['version']}, {each['date']}",
        )
        for name, each in value_sets.items()
    ]
    return table(
        "Which codes mean what; each links to its FHIR ValueSet with the provenance of its codes",
        ("Concept", "Kind", "Size", "Look-back", "Version"),
        rows,
    )


def _size(value_set: Mapping[str, Any]) -> str:
    included = value_set["compose"]["include"]
    codes = sum(len(each.get("concept", ())) for each in included)
    families = sum(len(each.get("filter", ())) for each in included)
    counted = ((codes, "code", "codes"), (families, "code family", "code families"))
    said = [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]
    if own := sum(len(each.get("concept") or each["filter"]) for each in included if is_of_this_site(each)):
        said.append(f"{own} of this site")
    return ", ".join(said)


def _look_back(value_set: Mapping[str, Any]) -> str:
    for each in value_set["extension"]:
        if each["url"] == f"{EXTENSION}look-back":
            (quantity,) = [value for name, value in each.items() if name.startswith("value")]
            return f"{quantity['value']:g} {_UNITS[quantity['code']]}"
    return "no limit"


def _sources(cited: Iterable[Citation]) -> Markup:
    rows = [(_source(each), each.title, each.dated, each.section or "as cited") for each in cited]
    return table("What the rules rest on", ("Source", "Title", "Year", "What of it, and when read"), rows)


def _answer(attribute: SourceAttribute) -> Markup:
    cited = [Markup(f"{_source(each)}: {text(_work(each))}") for each in attribute.citations]
    return Markup(f"{text(attribute.answer)}{listing(cited) if cited else ''}")
