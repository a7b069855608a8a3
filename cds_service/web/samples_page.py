"""The demo's start page: the sample patients, and how to try each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service.hooks.patient_view import PATIENT_VIEW
from cds_service.web.pages import element, link, page, paragraph, table


def samples_page(samples: Sequence[Mapping[str, str]]) -> bytes:
    """Each sample has title, card, sandbox, patient and request; there is at least one."""
    request = samples[0]["request"]
    call = f"{request.partition('/samples/')[0]}/cds-services/{PATIENT_VIEW.id}"
    return page(
        "Calf pain decision support: sample patients",
        paragraph(
            f"{len(samples)} invented patients, their dates moved to today. ",
            element("em", "Sandbox"),
            " opens one in the public CDS Hooks sandbox, which reads the chart from ",
            link("the FHIR R4 server of this demo", "/fhir/metadata"),
            " and calls ",
            link("its decision service", "/cds-services"),
            ". Chrome asks whether the page may reach this machine: press Allow. A card that you dismiss stays away "
            "for a day, or until the demo is started again.",
        ),
        paragraph("On the command line, with any ", element("em", "request"), " of the table:"),
        element(
            "pre",
            f"curl -s {request} \\\n  | curl -s -H 'Content-Type: application/json' -d @- \\\n    {call}",
            tabindex="0",
            role="region",
            aria_label="Command",
        ),
        table(
            "The sample patients",
            ("Patient", "Card", "Open in", "Chart", "Hook call"),
            [_row(each) for each in samples],
        ),
    )


def _row(sample: Mapping[str, str]) -> tuple[object, ...]:
    title = sample["title"]
    return (
        title,
        sample["card"],
        element("a", "sandbox", href=sample["sandbox"], aria_label=f"Sandbox: {title}"),
        element("a", "FHIR", href=sample["patient"], aria_label=f"FHIR: {title}"),
        element("a", "request", href=sample["request"], aria_label=f"Request: {title}"),
    )
