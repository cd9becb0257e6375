"""The fault test: devices sell while the system is broken in every way, then every promise is checked.

`history` is what the devices were promised, `devices`, `changes`, `storeroom` and `sockets` are the devices,
`nemesis` chooses what `faults` does to processes and to the `network` between them, `observe` reads what is
true afterwards, `noted` what must be, `checkers` compares. `planted` starts a process with a mistake in it,
to show that the checkers find one.
"""
