"""The ledger's accounts."""

from fynlo.payments.v1 import payments_pb2

from services.payments.domain.ledger import AccountBalance


def account(of: AccountBalance) -> payments_pb2.LedgerAccount:
    """One line of a trial balance."""
    return payments_pb2.LedgerAccount(
        account=of.account,
        currency_code=of.currency_code,
        debit_minor=of.debit_minor,
        credit_minor=of.credit_minor,
    )
