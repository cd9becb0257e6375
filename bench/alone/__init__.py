"""Parts of the product without a system around them, each a process: ``python -m bench.alone.<part>``. The
first line of input says where they are and whom they trust; then each line is a piece of work, answered by
``ready``.
"""
