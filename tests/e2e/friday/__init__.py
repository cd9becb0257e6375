"""A Friday evening by script: a restaurant of its own, six devices at once, and a reckoning that knows none
of the product's code.

`carte` is the menu as this house means it, `script` what the guests of the evening do, `house` opens the
restaurant, `till`, `moves`, `bill_splits` and `kitchen` act, `notes` is what was done by what the devices
were told, `reckoning` what it must come to, `friday_night` the evening as a whole.
"""
