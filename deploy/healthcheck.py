"""Whether this container's process serves: an HTTP process at /readyz, a worker at its /metrics."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

PORT = os.environ.get("PORT", "0")
PLACE = f"{PORT}/readyz" if PORT != "0" else f"{os.environ.get('METRICS_PORT', '9100')}/metrics"

try:
    urllib.request.urlopen(f"http://127.0.0.1:{PLACE}", timeout=3).close()
except (OSError, urllib.error.URLError) as error:
    sys.exit(f"not healthy: {error}")
