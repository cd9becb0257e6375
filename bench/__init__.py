"""Measures the running system: ``make bench``, or ``make bench SCENARIO=place-order``.

The system runs as `make run` runs it, with every safety on, in a folder and on ports of its own. Load comes
from processes of its own (``bench.generator``), as lean as Python allows, and each says how busy it was
itself. A figure stands beside its bar; nothing here asserts a time.
"""
