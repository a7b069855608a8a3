"""Which words of an entry let it be quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import ConfigurationError
from cds_service.rendering.watch_words import WATCH_WORDS, WatchWords, load_watch_words
from tests.rendering.by_hand import CARDS, FILES


@pytest.mark.parametrize(
    ("words", "text", "held"),
    [
        ("leg", "Pain in left LEG", True),
        ("leg", "leg-length difference", True),
        ("leg", "pain_leg_left", True),
        ("leg", "legal guardian", False),
        ("leg", "Legionella", False),
        ("swell*", "Swelling of ankle", True),
        ("swell*", "no unswell", False),
        ("*venose", "Phlebitis bei Beinvenose", True),
        ("*venose", "venosed", False),
        ("*thromb*", "Unterschenkelthrombose links", True),
        ("odem*", "Ödem", True),
        ("Ödem*", "OEDEM odeme", True),
        ("fuß", "linker FUSS", True),
        ("oedeme*", "Œdème du mollet", True),
        ("lydk*", "ból łydki", True),
        ("blood clot", "Blood  clot, left", True),
        ("blood clot", "blood in clotting study", False),
        ("DVT", "dvt?", True),
        ("DVT", "DVTs", False),
        ("тромбоз", "Тромбоз глубоких вен", True),
        ("*血栓*", "深部静脈血栓症", True),
    ],
)
def test_words_are_whole_ones_unless_starred_without_case_and_accents(words: str, text: str, held: bool) -> None:
    assert WatchWords([words])(text) is held


@pytest.mark.parametrize(
    "text",
    [
        *("Acute DVT left popliteal vein", "Clot in calf", "Ischaemic foot", "Compartment syndrome", "gangrene of toe"),
        *(
            "Tiefe Beinvenenthrombose",
            "TVT re. Unterschenkel",
            "Wadenschmerz",
            "geschwollener Knöchel",
            "pAVK",
            "Beinödem",
        ),
        *("Thrombose veineuse profonde", "TVP mollet gauche", "œdème de la jambe", "syndrome des loges"),
        *("Trombosis venosa profunda", "dolor de pantorrilla", "Trombosi venosa profonda", "dolore al polpaccio"),
        *(
            "Trombose venosa profunda",
            "dor na perna",
            "Diepe veneuze trombose",
            "pijn in de kuit",
            "gezwollen onderbeen",
        ),
        *("Blodpropp i benet", "Syvä laskimotukos", "Zakrzepica żył głębokich"),
    ],
)
def test_the_shipped_words_find_what_may_be_of_the_leg(text: str) -> None:
    assert FILES.watched(text)


@pytest.mark.parametrize("text", ["", "Hypertension", "Otitis media", "Diabetes mellitus type 2", "Allergic rhinitis"])
def test_they_pass_over_the_rest(text: str) -> None:
    assert not FILES.watched(text)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("{en: []}", "words names none"),
        ("{en: [leg, le*g]}", "'le*g' cannot be looked for"),
        ("{en: ['*']}", "'*' cannot be looked for"),
        ("{en: [x]}", "'x' cannot be looked for"),
        ("{en: [true]}", "words"),
        ("[leg]", "words"),
    ],
)
def test_a_word_that_cannot_be_looked_for_stops_the_start(words: str, says: str, tmp_path: Path) -> None:
    shipped = (CARDS / WATCH_WORDS).read_text(encoding="utf-8")
    head = shipped.partition("words:")[0]
    (tmp_path / WATCH_WORDS).write_text(f"{head}words: {words}\n---\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=WATCH_WORDS) as refused:
        load_watch_words(tmp_path / WATCH_WORDS)
    assert says in str(refused.value)
