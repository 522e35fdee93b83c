"""The alert (风险预警): one per crossing, kept while the sum stays above the line, withdrawn when it does not.

Room: domain of monitoring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from common.core.ids import AlertId, HouseholdId, PersonId, SettlementId, named_id
from services.monitoring.domain.crossing import Episode
from services.monitoring.domain.subject import Subject
from services.monitoring.domain.warning_line import window_from


class State(StrEnum):
    """How an alert stands."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why an alert was withdrawn: time or a member's leaving brought the sum down, or the facts were corrected."""

    FELL_BELOW = "fell_below"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert and how it stands.

    Attributes:
        subject_id: The household, or the person where none is known.
        township: Of the household's head while it is open, then the one that saw it closed.
        window_from: First day of the twelve months.
        window_to: Day of the crossing.
        amount_fen: The sum on that day, in fen.
    """

    alert_id: AlertId
    subject_id: HouseholdId | PersonId
    household_id: HouseholdId | None
    person_id: PersonId
    county: str
    township: str | None
    rule: str
    window_from: date
    window_to: date
    amount_fen: int
    line_fen: int
    settlement_id: SettlementId
    raised_at: datetime
    state: State = State.OPEN
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """What makes the alerts of a subject agree with what happened.

    Attributes:
        changed: Alerts as they stand from now on, those to be withdrawn first.
        raised: Crossings that nobody was told of, in order.
    """

    changed: tuple[Alert, ...] = ()
    raised: tuple[Episode, ...] = ()


def steps_for(*, alerts: Sequence[Alert], episodes: Sequence[Episode]) -> Steps:
    """Return what is to be done with the alerts of one subject.

    An open alert whose crossing moved to another day, because a stay came late or was reversed, stands for the crossing
    as it is now: nobody is alarmed twice for one rise.

    Args:
        alerts: Every alert of the subject so far; at most one is open.
        episodes: The crossings as replayed, in order; only the last can be not over.
    """
    standing = next((alert for alert in alerts if alert.state is State.OPEN), None)
    telling = [alert for alert in alerts if alert.state is not State.OPEN and alert.reason is not Reason.CORRECTED]
    changed: list[Alert] = []
    own: Episode | None = None
    if standing is not None:
        own = _episode_of(standing, telling, episodes)
        changed = [after for after in (_standing_for(standing, own),) if after != standing]
    raised: list[Episode] = []
    for episode in episodes:
        told = _told(episode, telling)
        if episode == own:
            continue
        if not told:
            raised.append(episode)
        elif episode.ended_on is None:
            changed.append(_standing_for(told[-1], episode))
    return Steps(tuple(changed), tuple(raised))


def raised_alert(*, subject: Subject, episode: Episode, earlier_count: int, raised_at: datetime) -> Alert:
    """Return the alert a crossing raises; its id follows from the subject, the stay and how many came before.

    Args:
        subject: Whose sum crossed the line.
        episode: The crossing; one that is over again is told all the same, and withdrawn.
        earlier_count: How many alerts the subject ever had.
        raised_at: The present instant.
    """
    crossing = episode.crossing
    is_over = episode.ended_on is not None
    return Alert(
        alert_id=AlertId(named_id("alert", subject.subject_id, crossing.settlement_id, earlier_count + 1)),
        subject_id=subject.subject_id,
        household_id=subject.household_id,
        person_id=crossing.person_id,
        county=subject.county,
        township=subject.township,
        rule=crossing.rule,
        window_from=window_from(day=crossing.crossed_on),
        window_to=crossing.crossed_on,
        amount_fen=crossing.amount.fen,
        line_fen=crossing.line.fen,
        settlement_id=crossing.settlement_id,
        raised_at=raised_at,
        state=State.WITHDRAWN if is_over else State.OPEN,
        reason=Reason.FELL_BELOW if is_over else None,
    )


def _episode_of(standing: Alert, telling: Sequence[Alert], episodes: Sequence[Episode]) -> Episode | None:
    """Return the episode an open alert stands for: the one that holds its day, else the last nobody was told of."""
    for episode in episodes:
        if episode.holds(day=standing.window_to):
            return episode
    return episodes[-1] if episodes and not _told(episodes[-1], telling) else None


def _standing_for(alert: Alert, episode: Episode | None) -> Alert:
    """Return the alert with the figures of its episode's crossing, withdrawn where that is over or never was."""
    if episode is None:
        return replace(alert, state=State.WITHDRAWN, reason=Reason.CORRECTED)
    crossing = episode.crossing
    is_over = episode.ended_on is not None
    return replace(
        alert,
        person_id=crossing.person_id,
        rule=crossing.rule,
        window_from=window_from(day=crossing.crossed_on),
        window_to=crossing.crossed_on,
        amount_fen=crossing.amount.fen,
        line_fen=crossing.line.fen,
        settlement_id=crossing.settlement_id,
        state=State.WITHDRAWN if is_over else State.OPEN,
        reason=Reason.FELL_BELOW if is_over else None,
    )


def _told(episode: Episode, telling: Sequence[Alert]) -> list[Alert]:
    """Return the closed alerts that told of an episode, the newest last."""
    inside = [alert for alert in telling if episode.holds(day=alert.window_to)]
    return sorted(inside, key=lambda alert: (alert.window_to, alert.raised_at))
