"""Categories (身份类别): which one counts when a person holds several.

Room: domain of identity. All categories a person holds are kept with their periods; one is derived for counting heads.
Next hop: services/identity/domain/entitlement.py
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

REGISTERED_POOR = "registered_poor"
POVERTY_RELIEF = "poverty_relief"
CIVIL_AFFAIRS = "civil_affairs"
SOURCES = (POVERTY_RELIEF, CIVIL_AFFAIRS)

_SEPARATORS = re.compile(r"[,，、;；/+]")


def counting_category(*, categories: Iterable[str], precedence: Sequence[str]) -> str | None:
    """Return the one category as which a head is counted (归类), or None for a person without any.

    Guangze 2019: who is registered poor and an allowance recipient counts once, as registered poor; the order is the
    county's data. It is not the benefit class, which settlement derives (programme.md, D1).

    >>> counting_category(categories=["allowance_recipient", "registered_poor"],
    ...                   precedence=["registered_poor", "allowance_recipient"])
    'registered_poor'
    """
    held = set(categories)
    ranked = [category for category in precedence if category in held]
    return next(iter([*ranked, *sorted(held)]), None)


def category_of(*, text: str, names: Mapping[str, str]) -> str | None:
    """Return the code of a list's 救助身份, or None when a part of the text is unknown.

    Of a combined text the first element is the working identity (conventions.md 5.2: 特困,低保 is 特困).
    """
    parts = [part for part in _SEPARATORS.split(plain_text(text)) if part]
    codes = [names.get(part) for part in parts]
    return codes[0] if codes and None not in codes else None


def plain_text(text: str) -> str:
    """Return a word of a list as compared: full-width folded, all spaces removed."""
    return "".join(unicodedata.normalize("NFKC", text).split())
