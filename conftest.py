"""What all tests share: the chassis's fixtures, and how tests are handed out to workers."""

pytest_plugins = ["chassis.testing", "tests.scopes"]
