"""What kind of failure an event met, and when it is tried again (events.md section 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from common.core.errors import DomainError, NotFound
from common.kit.envelope import EnvelopeUnreadable

NOT_FOUND_PAUSES = (1, 5, 30, 120, 600, 3600)
UNKNOWN_PAUSES = (1, 5, 30, 120, 600)
GAP_PAUSE = timedelta(seconds=30)
UNKNOWN_TRIES_IN_PLACE = 3
TRANSIENT_PATIENCE_SECONDS = 30.0

_TRANSIENT = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # A line lost during a pause; see common/kit/wake.py.
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.DiskFullError,
)


@dataclass(frozen=True, slots=True)
class NextStep:
    """What becomes of a failed event: parked until an instant, or dead."""

    state: str
    next_attempt_at: datetime
    error_code: str


def is_transient(error: BaseException) -> bool:
    """Say whether the same work may succeed soon without anybody's doing: connection, lock or serialization trouble."""
    if isinstance(error, (OSError, TimeoutError, PoolTimeout, OperationalError, InterfaceError)):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        cause = error.orig.__cause__ if error.orig is not None else None
        return isinstance(cause, _TRANSIENT)
    return isinstance(error, _TRANSIENT)


def error_code_of(error: BaseException) -> str:
    """Return the stable code kept with a parked event."""
    return error.code if isinstance(error, DomainError) else type(error).__name__


def next_step(error: BaseException, *, attempts: int, now: datetime) -> NextStep:
    """Decide about an event that failed for the `attempts`-th time outside the quick retries in place."""
    code = error_code_of(error)
    if isinstance(error, NotFound):
        return _after(NOT_FOUND_PAUSES, attempts, now, code)
    if isinstance(error, (DomainError, EnvelopeUnreadable)):
        return NextStep("dead", now, code)
    if is_transient(error):
        pause = UNKNOWN_PAUSES[min(attempts, len(UNKNOWN_PAUSES)) - 1]
        return NextStep("waiting", now + timedelta(seconds=pause), code)
    return _after(UNKNOWN_PAUSES, attempts, now, code)


def _after(pauses: tuple[int, ...], attempts: int, now: datetime, code: str) -> NextStep:
    if attempts > len(pauses):
        return NextStep("dead", now, code)
    return NextStep("waiting", now + timedelta(seconds=pauses[attempts - 1]), code)
