"""Makes the suite's pytest plugins known to every test."""

pytest_plugins = ["common.kit.testing", "common.kit.testing_kafka"]
