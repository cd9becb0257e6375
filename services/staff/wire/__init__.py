"""Between the contracts and the values of the domain, both ways, by noun."""
