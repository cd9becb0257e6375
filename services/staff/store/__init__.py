"""The only SQL of the service, by noun. Statements see the transaction's restaurant only."""
