"""An order: what it is, and every verb that changes one."""
