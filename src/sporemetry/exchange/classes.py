"""Class names that mean something else than a kind of object: background, to be ignored, a region."""

from __future__ import annotations

import re
from typing import Literal

Role = Literal["object", "background", "ignore", "region"]

_NOT_LETTERS = re.compile(r"[\W_]+")
_ROLES: dict[str, Role] = {
    "background": "background",
    "ignore": "ignore",
    "ignored": "ignore",
    "ignoreregion": "ignore",
    "crowd": "ignore",
    "iscrowd": "ignore",
    "unlabeled": "ignore",
    "unlabelled": "ignore",
    "void": "ignore",
    "dontcare": "ignore",
    "donotcare": "ignore",
    "region": "region",
    "roi": "region",
    "regionofinterest": "region",
    "fieldofview": "region",
}


def role_of(label: str) -> Role:
    """Return what a class name stands for; capitals, ``_``, spaces and signs do not matter.

    Examples
    --------
    >>> role_of("_background_"), role_of("__ignore__"), role_of("Don't care"), role_of("spore"), role_of("")
    ('background', 'ignore', 'ignore', 'object', 'object')
    """
    return _ROLES.get(_NOT_LETTERS.sub("", label.casefold()), "object")
