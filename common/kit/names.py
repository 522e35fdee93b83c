"""The names of our own processes' services; `make new-service` adds to them."""

from __future__ import annotations

SERVICES = ("identity", "settlement", "contracts", "monitoring", "gateway")

DOOR = "gateway"
"""The one that people outside reach: it has no routes for our own services."""
