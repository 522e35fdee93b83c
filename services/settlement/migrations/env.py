"""Alembic enters here; the kit does the work."""

from common.kit.migrations import run_environment
from services.settlement.adapters.his_tables import metadata

run_environment(metadata)
