"""payments: money taken for orders, and where it lies.

Owns bills (what an order costs and what is paid of it), payments, the double-entry ledger, till sessions with
their drawers, and the chain of Z reports. Publishes PaymentCaptured, and TillSessionUpdated and
ZReportIssued on the
channel ``tills``. Consumes the orders that it has to be paid for and the settings of restaurants. In this
version only cash can be taken; what the other methods would cost is compared.
"""
