"""Class names that mean something else than a kind of object: background, to be ignored, a region."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Role = Literal["object", "background", "ignore", "region"]

_NOT_LETTERS = re.compile(r"[\W_]+")
# "ignore_1", "roi 12": programs number what is called alike.
_NUMBER = re.compile(r"(?<=\D)\d+$")

# One name a word; case, accents, spaces and signs do not matter. English, then German, French, Spanish,
# Italian, Portuguese, Russian, Chinese, Japanese.
_NAMES: dict[Role, str] = {
    "background": """
        background|bg|back ground
        Hintergrund|fond|arrière-plan|fondo|sfondo|fundo|plano de fundo|фон|задний фон
        背景|背景色|バックグラウンド
    """,
    "ignore": """
        ignore|ignored|ignore region|ignore area|ignore this|to ignore|to be ignored|please ignore
        crowd|is crowd|unlabeled|unlabelled|void|don't care|do not care|do not count|don't count|not counted
        exclude|excluded|to exclude|excluded area|exclude region|uncertain|unsure|not sure|unclear|ambiguous
        difficult|unknown|debris|ignored objects|artefact|artifact|artefacts|artifacts
        ignorieren|ignoriert|nicht zählen|nicht zaehlen|nicht gezählt|ausschließen|ausgeschlossen
        unsicher|unklar|unbekannt|Artefakt|Artefakte
        ignorer|ignoré|à ignorer|ne pas compter|exclure|exclu|incertain|inconnu|artéfact|artéfacts|débris
        ignorar|ignorado|no contar|excluir|excluido|incierto|dudoso|desconocido|artefacto|artefactos|restos
        ignorare|ignora|ignorato|da ignorare|non contare|escludere|escluso|incerto|sconosciuto|artefatto
        artefatti|detriti
        não contar|nao contar|excluído|incerto|duvidoso|desconhecido|artefato|artefatos|detritos
        игнорировать|игнор|не считать|исключить|исключено|неизвестно|не уверен|неясно|артефакт|артефакты|мусор
        忽略|不计|不计数|不计入|排除|不确定|未知|杂质|伪影|碎片
        無視|除外|数えない|カウントしない|不確か|不明|不明瞭|アーティファクト|ゴミ|ごみ
    """,
    "region": """
        region|regions|roi|rois|region of interest|field of view|fov|counting area|count area|counting region
        area of interest|aoi|tissue|image area
        Gewebe|Bereich|Zählbereich|Sichtfeld|Gesichtsfeld|Ausschnitt|Bildfeld|Zählfeld
        région|région d'intérêt|champ|champ de vision|zone de comptage|tissu
        región|región de interés|campo|campo de visión|área de conteo|tejido
        regione|regione di interesse|campo visivo|area di conteggio|tessuto
        região|região de interesse|campo de visão|área de contagem|tecido
        область|область интереса|поле зрения|область подсчёта|область подсчета|ткань
        区域|感兴趣区域|视野|计数区域|计数区|组织|領域|関心領域|視野|計数領域|組織
    """,
}


def _key(name: str) -> str:
    """Return a name by which spellings are the same: letters and digits, folded, without accents."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(each for each in folded if unicodedata.category(each) != "Mn")
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFC", letters))


_ROLES: dict[str, Role] = {
    _key(name): role
    for role, names in _NAMES.items()
    for line in names.strip().splitlines()
    for name in line.strip().split("|")
}


def role_of(label: str) -> Role:
    """Return what a class name stands for; case, accents, signs and a number at the end do not matter.

    Examples
    --------
    >>> role_of("_background_"), role_of("__ignore__"), role_of("Don't care"), role_of("spore"), role_of("")
    ('background', 'ignore', 'ignore', 'object', 'object')
    >>> role_of("ignore_1"), role_of("ROI 12"), role_of("Hintergrund"), role_of("Ignore*"), role_of("12")
    ('ignore', 'region', 'background', 'ignore', 'object')
    """
    key = _key(label)
    return _ROLES.get(key) or _ROLES.get(_NUMBER.sub("", key), "object")
