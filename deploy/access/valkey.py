"""The users of the Valkey server. Only the gateway has anything to do with it: rate limits by one script."""

from collections.abc import Mapping

OPERATOR = "operator"
"""Looks whether the server lives; where there are users for processes, it reads and writes no key."""
KEYS = {"gateway": "gcra:*"}
"""Process -> the keys that it may touch. A process that is not here has no user."""
_COMMANDS = "+get +set +eval +evalsha +script|load +ping +hello +client|setinfo +client|setname"


def users_config(passwords: Mapping[str, str], operator_password: str) -> str:
    """``user`` lines of a valkey.conf; nobody gets in without one. ``passwords``: of KEYS, or none."""
    lines = ["user default off resetkeys resetchannels -@all"]
    may = "resetkeys resetchannels -@all +ping" if passwords else "~* +@all"
    lines.append(f"user {OPERATOR} on >{operator_password} {may}")
    lines += [
        f"user {process} on >{passwords[process]} ~{keys} resetchannels -@all {_COMMANDS}"
        for process, keys in KEYS.items()
        if passwords
    ]
    return "".join(f"{line}\n" for line in lines)
