"""What tests stand on: real servers, services that run in the test, and clocks that do not."""
