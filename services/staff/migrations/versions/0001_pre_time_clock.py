"""Employees, time cards, and the copy of restaurants."""

from alembic import op

from chassis.db.migrations import create_chassis_schema, drop_chassis_schema, protect_tenant_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A worker has one open card: the partial unique index is the last word on it. There is no exclusion
# constraint on overlapping shifts, which would need an extension; cards of one worker are made under a lock
# on the worker's row.
TABLES = """
CREATE TABLE staff.restaurant (
    restaurant_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    currency_code text NOT NULL,
    time_zone text NOT NULL,
    day_cutoff_minutes integer NOT NULL
);
CREATE TABLE staff.employee (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    user_id uuid,
    job text NOT NULL,
    hourly_rate_minor bigint NOT NULL CHECK (hourly_rate_minor >= 0),
    currency_code text NOT NULL,
    active boolean NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX employee_user ON staff.employee (restaurant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX employee_by_name ON staff.employee (restaurant_id, name, id);
CREATE TABLE staff.timecard (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    employee_id uuid NOT NULL,
    employee_name text NOT NULL,
    clocked_in_at timestamptz NOT NULL,
    clocked_out_at timestamptz,
    time_zone text NOT NULL,
    business_date date NOT NULL,
    flags text[] NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (restaurant_id, id),
    FOREIGN KEY (restaurant_id, employee_id) REFERENCES staff.employee (restaurant_id, id),
    CONSTRAINT timecard_order CHECK (clocked_out_at >= clocked_in_at)
);
CREATE UNIQUE INDEX timecard_open ON staff.timecard (restaurant_id, employee_id) WHERE clocked_out_at IS NULL;
CREATE INDEX timecard_newest ON staff.timecard (restaurant_id, clocked_in_at DESC, id DESC);
CREATE INDEX timecard_of_employee ON staff.timecard (restaurant_id, employee_id, clocked_in_at DESC, id DESC)
"""


def upgrade() -> None:
    create_chassis_schema(op, "staff")
    for statement in TABLES.split(";\n"):
        op.get_bind().exec_driver_sql(statement)
    for table in ("restaurant", "employee", "timecard"):
        protect_tenant_table(op, "staff", table, grants="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    for table in ("timecard", "employee", "restaurant"):
        op.execute(f"DROP TABLE staff.{table}")
    drop_chassis_schema(op, "staff")
