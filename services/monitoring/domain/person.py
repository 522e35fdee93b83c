"""The person as monitoring knows them: only where they live and who they became.

Room: domain of monitoring. The facts come from identity's events; names never do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.core.ids import PersonId


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the county (人员).

    Attributes:
        township: Where they live now; None is the county desk (县级经办).
        is_registered: Whether identity has told of them; a discharge alone does not make it so.
        merged_into: The archive that took this one's place.
    """

    person_id: PersonId
    county: str
    township: str | None = None
    is_registered: bool = False
    merged_into: PersonId | None = None


def registered(person: Person, *, county: str, township: str | None) -> Person:
    """Return the person as identity's registration says; a township told by a discharge gives way to it."""
    return replace(person, county=county, township=township or person.township, is_registered=True)


def met(person: Person, *, township: str | None) -> Person:
    """Return the person after a discharge: its township counts only while identity has told of none."""
    if person.is_registered or township is None:
        return person
    return replace(person, township=township)
