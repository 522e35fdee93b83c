"""Discharges through the whole running suite."""
