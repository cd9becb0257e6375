"""What all tests share: the chassis's fixtures, and how tests are handed out to workers."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["harness.fixtures", "tests.scopes"]

# Examples prove what is right, not how fast this machine is today.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
