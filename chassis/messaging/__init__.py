"""Events: written with their cause, relayed to the bus, read once, and shown on channels."""
