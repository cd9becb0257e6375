"""The rules of bills, payments, fees, the ledger and tills.

Pure: values in, values out, or a named problem.
"""
