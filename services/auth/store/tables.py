"""The tables, for comparison with the migrated database.

Tenant tables (row-level security forced): restaurant, membership, session, invitation. Rows of the first
three are also visible to the person they concern, whom a transaction names by ``app.user_id`` once the person
is proven: a log-in happens before there is a tenant. Global tables, because people and platforms stand above
restaurants: platform, platform_owner, user_account, refresh_token and link (found by the hash of a secret),
revocation, login_failure, known_device, quota, mail (the queue, sent from for all) and local_mail.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from chassis.db.tables import chassis_tables

SCHEMA = "auth"
metadata = sa.MetaData(schema=SCHEMA)
_at = sa.DateTime(timezone=True)

platform = sa.Table(
    "platform",
    metadata,
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", _at, nullable=False),
)

user_account = sa.Table(
    "user_account",
    metadata,
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", _at, nullable=False),
    sa.UniqueConstraint("email", name="user_account_email"),
)

platform_owner = sa.Table(
    "platform_owner",
    metadata,
    sa.Column("platform_id", pg.UUID, sa.ForeignKey(platform.c.id), primary_key=True),
    sa.Column("user_id", pg.UUID, sa.ForeignKey(user_account.c.id), primary_key=True),
    sa.Column("created_at", _at, nullable=False),
    sa.Index("platform_owner_by_user", "user_id"),
)

restaurant = sa.Table(
    "restaurant",
    metadata,
    sa.Column("restaurant_id", pg.UUID, primary_key=True),
    sa.Column("platform_id", pg.UUID, sa.ForeignKey(platform.c.id), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("currency_code", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("bill_mode", sa.Text, nullable=False),
    sa.Column("service_charge_bp", sa.Integer, nullable=False),
    sa.Column("day_cutoff_minutes", sa.Integer, nullable=False),
    sa.Column("fee_preset", sa.Text, nullable=False),
    sa.Column("auto_complete", sa.Boolean, nullable=False),
    sa.Column("created_at", _at, nullable=False),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    sa.Column("vat_number", sa.Text, nullable=False, server_default=""),
    sa.Column("country_code", sa.Text, nullable=False, server_default="GB"),
    sa.Column("employee_discount_bp", sa.Integer, nullable=False, server_default="1000"),
    sa.Column("manager_discount_bp", sa.Integer, nullable=False, server_default="5000"),
    sa.Column("owner_discount_bp", sa.Integer, nullable=False, server_default="10000"),
    sa.UniqueConstraint("platform_id", "name", name="restaurant_name"),
)

membership = sa.Table(
    "membership",
    metadata,
    sa.Column("restaurant_id", pg.UUID, sa.ForeignKey(restaurant.c.restaurant_id), primary_key=True),
    sa.Column("user_id", pg.UUID, sa.ForeignKey(user_account.c.id), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", _at, nullable=False),
    sa.Index("membership_by_user", "user_id"),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("restaurant_id", pg.UUID, sa.ForeignKey(restaurant.c.restaurant_id)),
    sa.Column("user_id", pg.UUID, sa.ForeignKey(user_account.c.id), nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("device_id", sa.Text, nullable=False),
    sa.Column("created_at", _at, nullable=False),
    sa.Column("expires_at", _at, nullable=False),
    sa.Column("ended_at", _at),
    sa.Column("end_reason", sa.Text),
    sa.Column("switched_at", _at),
    sa.Index(
        "session_by_restaurant", "restaurant_id", "user_id", postgresql_where=sa.text("ended_at IS NULL")
    ),
    sa.Index("session_by_user", "user_id", postgresql_where=sa.text("ended_at IS NULL")),
    sa.Index("session_expiry", "expires_at"),
)

refresh_token = sa.Table(
    "refresh_token",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("session_id", pg.UUID, sa.ForeignKey(session.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("user_id", pg.UUID, nullable=False),
    sa.Column("issued_at", _at, nullable=False),
    sa.Column("replaced_at", _at),
    sa.Column("replaced_by_device", sa.Text),
    sa.Column("successor_salt", sa.LargeBinary),
    sa.Index("refresh_token_by_session", "session_id"),
)

revocation = sa.Table(
    "revocation",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject_id", pg.UUID, primary_key=True),
    sa.Column("valid_after", _at, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Index("revocation_time", "valid_after"),
)

login_failure = sa.Table(
    "login_failure",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject_hash", sa.LargeBinary, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last_at", _at, nullable=False),
    sa.Index("login_failure_time", "last_at"),
)

known_device = sa.Table(
    "known_device",
    metadata,
    sa.Column("user_id", pg.UUID, sa.ForeignKey(user_account.c.id), primary_key=True),
    sa.Column("secret_hash", sa.LargeBinary, primary_key=True),
    sa.Column("first_at", _at, nullable=False),
    sa.Column("last_at", _at, nullable=False),
    sa.Index("known_device_by_secret", "secret_hash"),
    sa.Index("known_device_time", "last_at"),
)

invitation = sa.Table(
    "invitation",
    metadata,
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("restaurant_id", pg.UUID, sa.ForeignKey(restaurant.c.restaurant_id), nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("invited_by", pg.UUID, nullable=False),
    sa.Column("created_at", _at, nullable=False),
    sa.Column("expires_at", _at, nullable=False),
    sa.Column("settled_at", _at),
    sa.Column("accepted_by", pg.UUID),
    sa.Index(
        "invitation_pending",
        "restaurant_id",
        "email",
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index("invitation_by_restaurant", "restaurant_id", "created_at", "id"),
    sa.Index("invitation_expiry", "expires_at"),
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("subject_id", pg.UUID, nullable=False),
    sa.Column("tenant_id", pg.UUID),
    sa.Column("issued_at", _at, nullable=False),
    sa.Column("expires_at", _at, nullable=False),
    sa.Index("link_by_subject", "subject_id"),
    sa.Index("link_expiry", "expires_at"),
)

mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("subject_id", pg.UUID),
    sa.Column("tenant_id", pg.UUID),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", _at, nullable=False),
    sa.Column("created_at", _at, nullable=False),
    sa.Column("settled_at", _at),
    sa.Index("mail_due", "next_at", "id", postgresql_where=sa.text("state = 'queued'")),
    sa.Index("mail_settled", "settled_at"),
)

local_mail = sa.Table(
    "local_mail",
    metadata,
    sa.Column("id", pg.UUID, primary_key=True),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("sent_at", _at, nullable=False),
    sa.Index("local_mail_time", "sent_at", "id"),
)

quota = sa.Table(
    "quota",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject_hash", sa.LargeBinary, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("since", _at, nullable=False),
    sa.Index("quota_time", "since"),
)

chassis_tables(metadata, SCHEMA)
