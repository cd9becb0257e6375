"""Made of the contracts: `make protos FIX=1` writes it anew.

The way from REST to the methods: google.api.http and the options beside it.
"""
