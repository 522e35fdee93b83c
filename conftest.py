"""Makes the suite's pytest plugin known to every test."""

pytest_plugins = ["common.kit.testing"]
