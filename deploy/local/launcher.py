"""Starts one program that must not outlive the process that asked for it.

Run by path (`python -I -S launcher.py ...`), never imported: it runs between the supervisor's fork and the
program's exec, where only a fresh interpreter is safe. Arguments: death signal, parent pid, uid, gid, then
the program.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
UNCHANGED = -1


def main() -> None:
    death_signal, parent_pid, uid, gid = (int(word) for word in sys.argv[1:5])
    if uid != UNCHANGED:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the death signal when credentials change.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit("The process that started this one has ended already.")
    os.execv(sys.argv[5], sys.argv[5:])


main()
