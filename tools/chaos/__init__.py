"""The fault test: devices sell while processes of the system are killed, then every promise is checked.

`history` is what the devices were promised, `devices` and `sockets` are the devices, `nemesis` kills,
`observe` reads what is true afterwards, `checkers` compares. `planted` starts a process with a mistake in
it, to show that the checkers find one.
"""
