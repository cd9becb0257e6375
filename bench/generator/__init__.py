"""Load generators. Each is a process: a JSON order on its first line of input, a JSON account on its last
line of output, and between them the words ``ready`` (out), ``go`` and ``stop`` (in).
"""
