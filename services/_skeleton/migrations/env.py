"""Alembic enters here; the kit does the work."""

from common.kit.migrations import run_environment
from services._skeleton.adapters.tables import metadata

run_environment(metadata)
