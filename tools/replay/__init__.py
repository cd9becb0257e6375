"""Plays a file of past orders through the running system, as eight tills and a kitchen display would.

`orders_file` reads the file, `menu_plan` decides what menu those orders came from, `play` sells them.
"""
