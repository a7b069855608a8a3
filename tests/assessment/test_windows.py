"""A window of so many days is so many times 24 hours, also where the clocks of the site's zone change within it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cds_service.assessment.rule import Level
from tests.charts import Entry, triage

AS_OF = datetime(2026, 11, 9, 12, 0, tzinfo=ZoneInfo("America/New_York"))  # summer time ended on 1 November
EDGE = AS_OF.astimezone(ZoneInfo("UTC")) - timedelta(days=30)


@pytest.mark.parametrize("dates", [("onset",), ("onset", "recorded")])
@pytest.mark.parametrize(("minutes", "level"), [(-1, Level.NONE), (1, Level.INFO)])
def test_onset_and_record_are_new_for_the_same_time(dates: tuple[str, ...], minutes: int, level: Level) -> None:
    moment = (EDGE + timedelta(minutes=minutes)).isoformat()
    cramp: Entry = {"condition": "sct|449918009", **dict.fromkeys(dates, moment)}
    if "recorded" in dates:
        cramp["onset"] = "2026-01-01"
    assert triage([cramp], as_of=AS_OF).level is level
