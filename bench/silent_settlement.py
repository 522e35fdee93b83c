"""Settlement with publishing switched off, for row g only: what the outbox costs is the difference."""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.settlement.app import main

if __name__ == "__main__":
    UnitOfWork.publish = lambda *_, **__: None  # type: ignore[method-assign] # the one difference to what ships
    main()
