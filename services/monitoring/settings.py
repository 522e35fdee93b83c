"""Settings of monitoring, read only by app.py and worker.py."""

from __future__ import annotations

from common.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What monitoring needs: the kit's settings, nothing of its own."""
