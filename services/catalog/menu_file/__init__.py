"""Files from other people's computers, read by a process that can be killed.

Files for them are written here too. What a file may say is in ``domain.menu_file``.
"""
