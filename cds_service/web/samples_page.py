"""The demo's start page: the sample patients, and how to try each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from cds_service.hooks.patient_view import PatientView

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Calf pain decision support: sample patients</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
pre {{ overflow-x: auto; padding: .75rem; background: #f2f2f2; color: #111; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #ccc; }}
</style>
</head>
<body>
<main>
<h1>Sample patients</h1>
<p>{count} invented patients, their dates moved to today. <em>Sandbox</em> opens one in the public CDS Hooks sandbox,
which reads the chart from <a href="/fhir/metadata">the FHIR R4 server of this demo</a> and calls
<a href="/cds-services">its decision service</a>. Chrome asks whether the page may reach this machine: press Allow.</p>
<p>On the command line, with any <em>request</em> of the table:</p>
<pre tabindex="0" role="region" aria-label="Command">curl -s {request} \\
  | curl -s -H 'Content-Type: application/json' -d @- \\
    {call}</pre>
<table>
<thead><tr><th scope="col">Patient</th><th scope="col">Open in</th><th scope="col">Chart</th>\
<th scope="col">Hook call</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</main>
</body>
</html>
"""
_ROW = """<tr><th scope="row">{title}</th><td><a href="{sandbox}" aria-label="Sandbox: {title}">sandbox</a></td>\
<td><a href="{patient}" aria-label="FHIR: {title}">FHIR</a></td>\
<td><a href="{request}" aria-label="Request: {title}">request</a></td></tr>"""


def samples_page(samples: Sequence[Mapping[str, str]]) -> str:
    """HTML without scripts. Each sample has title, sandbox, patient and request; there is at least one."""
    rows = [_ROW.format_map({name: escape(text) for name, text in each.items()}) for each in samples]
    request = samples[0]["request"]
    call = f"{request.partition('/samples/')[0]}/cds-services/{PatientView.id}"
    return _PAGE.format(count=len(rows), request=escape(request), call=escape(call), rows="\n".join(rows))
