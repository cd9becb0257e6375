from chassis.db.migrations import run_env

run_env("orders")
