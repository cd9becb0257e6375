"""Two of everything: the whole system with two processes of each service, in which processes die, sweepers
meet and one command is sent to both.
"""
