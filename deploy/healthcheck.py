"""Whether this container's process serves, by its /readyz: a worker answers on its metrics port."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

PORT = os.environ.get("PORT", "0")
PLACE = f"{PORT if PORT != '0' else os.environ.get('METRICS_PORT', '9100')}/readyz"

try:
    urllib.request.urlopen(f"http://127.0.0.1:{PLACE}", timeout=5).close()  # nosec B310
except (OSError, urllib.error.URLError) as error:
    sys.exit(f"not healthy: {error}")
