"""The tables of the catalog and every SQL statement of the service, by noun."""
