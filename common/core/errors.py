"""The three kinds of refusal every service knows; the concrete errors live beside the functions that raise them."""

from __future__ import annotations


class DomainError(Exception):
    """A rule said no: carries a stable English code and the facts a caller needs to act.

    Subclasses set `code` and pass their typed facts as keyword arguments; `common/kit/problems.py` is the only place
    that knows which HTTP status a kind becomes.
    """

    code = "domain_error"
    zh = ""

    def __init__(self, detail: str, *, zh: str = "", **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.detail_zh = zh or self.zh or detail
        self.facts = facts


class NotFound(DomainError):
    """The thing named does not exist, or the caller may not know that it does."""

    code = "not_found"


class Conflict(DomainError):
    """The request is well formed but contradicts what is already booked or running."""

    code = "conflict"


class Refused(DomainError):
    """A rule of the field forbids it."""

    code = "refused"
