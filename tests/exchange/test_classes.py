"""Class names that stand for background, for what is to be ignored, and for regions."""

from __future__ import annotations

import unicodedata

import pytest

from sporemetry.exchange.classes import role_of

IGNORE = (
    "ignore_1|Ignore*|Ignorer*|to ignore|do not count|Don't count|excluded|exclude 2|uncertain|unsure|"
    "difficult|unknown|debris|Artefact|artifact|ignore-area|nicht zählen|AUSSCHLIESSEN|ne pas compter|ignoré|"
    "ignorar|no contar|ignorare|não contar|игнорировать|не считать|忽略|無視"
)
BACKGROUND = "bg|BG_2|_background_|Hintergrund|hintergrund 1|fond|arrière-plan|fondo|sfondo|fundo|фон|背景"
REGION = "roi_1|FOV|counting area|tissue|Region*|field of view 3|Gewebe|zone de comptage|región|область|視野"
OBJECT = "spore|Spore 1|12||other|Negative|group 2|spores to count|ignorant|backgroundlike"


@pytest.mark.parametrize(
    ("names", "role"),
    [(IGNORE, "ignore"), (BACKGROUND, "background"), (REGION, "region"), (OBJECT, "object")],
)
def test_names_stand_for_roles_however_they_are_written(names: str, role: str) -> None:
    for name in names.split("|"):
        for form in ("NFC", "NFD"):
            assert role_of(unicodedata.normalize(form, name)) == role, name
