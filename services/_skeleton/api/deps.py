"""What routes of skeleton are given; the kit's, and here a service adds its own."""

from __future__ import annotations

from common.kit.http import CurrentCaller, Now, Uow

__all__ = ["CurrentCaller", "Now", "Uow"]
