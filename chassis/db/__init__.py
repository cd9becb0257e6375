"""Postgres: transactions, and what is written with them."""

from chassis.db.connections import STATEMENT_TIMEOUT_MS, connection_options, prepare_connection
from chassis.db.transactions import Database, Record, Transaction, TransactionBlock, in_transaction

__all__ = [
    "STATEMENT_TIMEOUT_MS",
    "Database",
    "Record",
    "Transaction",
    "TransactionBlock",
    "connection_options",
    "in_transaction",
    "prepare_connection",
]
