"""Settings of skeleton's processes; read only by `app.py` and `worker.py`."""

from __future__ import annotations

from common.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What skeleton needs beside what every service needs: nothing yet."""
