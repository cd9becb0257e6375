"""The hub: sessions, channels, delivery, resume, overflow. Sans-I/O: it is told what happened and when, it
writes to wires and leaves requests (verify this token, fetch these events) for the shell to carry out.
"""
