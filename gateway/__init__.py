"""The edge: translates REST v2 and the device socket of restaurants' devices to the services.

It owns no data and decides nothing about a sale. It proves who calls, checks the shape of what comes in,
limits how much comes in, calls one service (or asks several, for health) and renders the answer. It publishes
no events; it listens to auth's revocations and to the catalog's changes, to forget what it remembers.
"""
