"""Settings of contracts, read only by app.py and worker.py."""

from __future__ import annotations

from common.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What contracts needs: the kit's settings, nothing of its own."""
