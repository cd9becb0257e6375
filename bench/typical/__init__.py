"""The plain program that a team would write first, as a peer for placing orders.

FastAPI, SQLAlchemy's async ORM with asyncpg, a check of the token's signature, products read from the
database, the order with its lines in one transaction. No idempotency, no events, no row-level security.
"""
