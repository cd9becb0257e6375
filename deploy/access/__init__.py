"""What each process may reach, said once: events on the bus, keys in Valkey. Servers are configured by it."""
