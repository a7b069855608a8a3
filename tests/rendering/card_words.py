"""What a card must not say. It is read by a person under pressure: no orders, no alarm, no false comfort."""

from __future__ import annotations

import re

_NEVER = re.compile(
    "|".join(
        (
            *(r"rul(e|es|ed|ing) out", "rule-out", "likely benign", "benign", "harmless", "reassur", "nothing serious"),
            *("at once", "right away", "danger", "life-threatening", "alarm", "alert"),
            *(r"\bmust\b", r"\bshould\b", r"\bneeds? to\b", r"\bhas to\b", r"\bdo not\b", r"\bdon't\b"),
            *(r"\border (a|an|the|it)\b", r"\bprescribe\b", r"\brefer (?!to)", "is diagnostic", "confirms"),
            *(r"\bthe patient has\b", "low risk of"),
        )
    ),
    re.IGNORECASE,
)
_ALARM = re.compile(r"emergenc|immediate|urgent|same[- ]day|within \d+ hours?", re.IGNORECASE)
_SOURCE = re.compile(
    r"(AHA/ACC|BOAST|RCOG|CALISTO|FDA|Rabe|BMJ|GIRFT|Global Vascular Guidelines|BMJ Best Practice) (19|20)\d\d"
    r"|NICE [A-Z]{2}\d+|NHS Lothian RefHelp|BMJ Best Practice \(read 20\d\d\)"
)


def sentences(text: str) -> list[str]:
    """The text sentence by sentence."""
    return re.split(r"(?<=[.;])\s+(?=[A-Z])", re.sub(r"\s+", " ", text))


def words_never_said(text: str) -> list[str]:
    """Those of the text that no card says."""
    return [match[0] for match in _NEVER.finditer(re.sub(r"\s+", " ", text))]


def alarms(text: str) -> list[str]:
    """Its urgent sentences that do not name the source whose urgency it is."""
    return [each for each in sentences(text) if _ALARM.search(each) and not _SOURCE.search(each)]
