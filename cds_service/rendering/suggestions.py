"""The suggestions of a card: what its file offers, less what the record speaks against, as drafts to be accepted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from hashlib import sha1
from uuid import UUID

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rules import steps
from cds_service.circumstances import Circumstances
from cds_service.facts import Fact, Side
from cds_service.rendering import draft_codes, drafts, headline
from cds_service.rendering.case import Case
from cds_service.rendering.content import SharedWords
from cds_service.rendering.drafts import Draft, Particulars
from cds_service.rendering.template import template
from cds_service.wire import Action, Suggestion

MOST = 3
"""More on one card would ask for a choice among many."""

MOST_REASONS = 10
"""Of the complaint, and of the finding that decides."""

LONGEST_LABEL = 70

DESCRIPTION = ("side",)
"""The placeholders of a description."""

LEAVE_OUT = ("steps",)
"""The placeholders of the sentence on home care to leave out."""

_INSTANCES = UUID("6f3b1d52-3a0e-5c62-9b57-0d2f8f6f7c11").bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_SIDES = {
    Side.LEFT: "left leg",
    Side.RIGHT: "right leg",
    Side.BOTH: "both legs",
    Side.NOT_STATED: "side not recorded",
}
_CONDITION = re.compile(r"Condition/[A-Za-z0-9\-.]{1,64}", re.ASCII)


class Suggestions:
    """Makes suggestions, from drafts that are built, and found valid, when the first of them is made.

    `guidance_url` is the patient guidance that the instructions to the patient name.
    """

    def __init__(self, shared: SharedWords, guidance_url: str) -> None:
        self._shared = shared
        self._guidance_url = guidance_url
        self._labels = {name: words.label for name, words in shared.suggestions.items()}
        self._descriptions = {
            (name, side): template(words.description).fill({"side": said})
            for name, words in shared.suggestions.items()
            for side, said in _SIDES.items()
        }

    @cached_property
    def _drafts(self) -> Mapping[str, Draft]:
        return _drafts(self._shared, self._guidance_url)

    def offered(self, case: Case, circumstances: Circumstances) -> list[Suggestion]:
        """Those of the card that nothing on the record speaks against, in the order of its file; at most three."""
        offered = {step.name: step for step in case.assessment.next_steps}
        names = [name for name in case.offers if name in offered]
        if not names:
            return []
        call = _particulars(case, circumstances)
        key = f"{circumstances.hook_instance} {case.card.id}"
        several = len(names) > 1
        return [self.suggest(name, call, key, recommended=several and offered[name].preferred) for name in names]

    def suggest(self, name: str, call: Particulars, key: str, *, recommended: bool = False) -> Suggestion:
        """One suggestion by its name. The same key and name give the same uuid again."""
        return Suggestion(
            self._labels[name],
            stable_uuid(f"{key} {name}"),
            recommended,
            [Action("create", self._descriptions[name, call.side], self._drafts[name].fill(call))],
        )


def stable_uuid(key: str) -> str:
    """The UUID of this key (version 5, RFC 9562), several times faster than the standard library makes it."""
    digits = sha1(_INSTANCES + key.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def reasons(assessment: Assessment) -> Collection[str]:
    """The Conditions that the card rests on, as the chart names them: the first ten of the complaint, then of the
    deciding finding.
    """
    deciding = assessment.raising[0].evidence if assessment.raising else ()
    return dict.fromkeys([*_conditions(assessment.complaint), *_conditions(deciding)])


def _conditions(facts: Sequence[Fact]) -> Sequence[str]:
    sources = dict.fromkeys([fact.source for fact in facts if _CONDITION.fullmatch(fact.source)])
    return list(sources)[:MOST_REASONS]


def _particulars(case: Case, circumstances: Circumstances) -> Particulars:
    assessment = case.assessment
    entries = list(reasons(assessment))
    return Particulars(
        circumstances,
        assessment.side,
        entries,
        "" if entries else headline.complaint_words(case),
        [step.name for step in assessment.home_care if step.withheld],
    )


def _drafts(shared: SharedWords, guidance_url: str) -> Mapping[str, Draft]:
    """What each suggestion drafts. Raises pydantic.ValidationError for what is no valid FHIR."""
    words = shared.suggestions
    text = {name: each.text for name, each in words.items()}
    leave_out = template(words[steps.INSTRUCTIONS].leave_out)
    orders = {
        steps.ULTRASOUND: (draft_codes.VENOUS_DUPLEX, True),
        steps.D_DIMER_TEST: (draft_codes.D_DIMER, False),
        steps.ANKLE_BRACHIAL_INDEX: (draft_codes.ANKLE_BRACHIAL_INDEX, False),
        steps.CREATINE_KINASE: (draft_codes.CREATINE_KINASE, False),
    }
    return {
        **{name: drafts.order(codes, text[name], is_sided=sided) for name, (codes, sided) in orders.items()},
        steps.SUSPECTED_DIAGNOSIS: drafts.problem(draft_codes.DVT, text[steps.SUSPECTED_DIAGNOSIS]),
        steps.INSTRUCTIONS: drafts.instructions(
            text[steps.INSTRUCTIONS], leave_out, shared.guidance_link, guidance_url
        ),
    }
