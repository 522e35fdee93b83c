"""The citizen number (公民身份号码, GB 11643): reading, checking, masking, and the keyed identity made of it."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.core.ids import PersonId

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD_SHAPE = re.compile(r"[1-9][0-9]{14}")
_CENTENARIAN_ORDERS = ("996", "997", "998", "999")


class CitizenNumberInvalid(ValueError):
    """The text is no citizen number; `reason` says which rule failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CitizenNumber:
    """A checked citizen number of 18 characters; printing shows the masked form only."""

    value: str

    @property
    def county(self) -> str:
        """The six-digit region the number was first issued in, not where the person is insured."""
        return self.value[:6]

    @property
    def born_on(self) -> date:
        """Birth date in the number."""
        return date(int(self.value[6:10]), int(self.value[10:12]), int(self.value[12:14]))

    @property
    def sex(self) -> str:
        """`male` when the 17th digit is odd, else `female`."""
        return "male" if int(self.value[16]) % 2 else "female"

    @property
    def masked(self) -> str:
        """First six, eight stars, last four (conventions.md section 7)."""
        return f"{self.value[:6]}********{self.value[-4:]}"

    def __repr__(self) -> str:
        return f"CitizenNumber({self.masked})"

    __str__ = __repr__


def check_character(first_seventeen: str) -> str:
    """Return the check character of GB 11643 for 17 digits.

    >>> check_character("21138119650315001")
    '1'
    """
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def parse_citizen_number(text: str, *, today: date) -> CitizenNumber:
    """Read a citizen number of 18 or, widened, of 15 characters (conventions.md 5.1).

    Full-width characters and surrounding space are accepted, a small x becomes X.

    Raises:
        CitizenNumberInvalid: If shape, birth date or check character is wrong.
    """
    value = unicodedata.normalize("NFKC", text).strip().upper()
    if _OLD_SHAPE.fullmatch(value):
        value = _widened(value)
    if not _SHAPE.fullmatch(value) or not value.isascii():
        raise CitizenNumberInvalid("not 18 characters of a citizen number")
    try:
        born_on = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        raise CitizenNumberInvalid("the birth date in the number does not exist") from None
    if born_on > today:
        raise CitizenNumberInvalid("the birth date in the number lies in the future")
    if check_character(value[:17]) != value[17]:
        raise CitizenNumberInvalid("the check character does not match")
    return CitizenNumber(value)


def _widened(fifteen: str) -> str:
    """Return the 18 characters of an old number; orders 996 to 999 belonged to centenarians born in the 1800s."""
    century = "18" if fifteen[12:] in _CENTENARIAN_ORDERS else "19"
    seventeen = f"{fifteen[:6]}{century}{fifteen[6:]}"
    return seventeen + check_character(seventeen)


def normalised_name(name: str) -> str:
    """Return a name as compared: full-width folded, spaces inside removed, one kind of middle dot."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(folded.split()).replace("•", "·").replace("‧", "·").replace("・", "·").upper()


def person_id_of(number: CitizenNumber, *, person_key: bytes) -> PersonId:
    """Return the person's id: a UUID made of HMAC-SHA-256 over the number, alike in identity and settlement."""
    digest = hmac.digest(person_key, b"person\x1f" + number.value.encode(), hashlib.sha256)
    return PersonId(UUID(bytes=digest[:16], version=5))


def name_check_of(person_id: PersonId, name: str, *, person_key: bytes) -> str:
    """Return the keyed check (hex) that travels instead of the name; it tells only whether two names are equal."""
    message = b"name\x1f" + person_id.bytes + normalised_name(name).encode()
    return hmac.digest(person_key, message, hashlib.sha256).hex()


def number_hash_of(number: CitizenNumber, *, person_key: bytes) -> str:
    """Return the keyed hash (hex) under which an encrypted number is looked up."""
    return hmac.digest(person_key, b"number\x1f" + number.value.encode(), hashlib.sha256).hex()


def masked_name(name: str) -> str:
    """First character and a star.

    >>> masked_name("王某某")
    '王*'
    """
    return f"{name[:1]}*"
