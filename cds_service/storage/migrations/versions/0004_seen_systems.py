"""The code systems that were met and are not read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "seen_system",
        sa.Column("client", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("system", sa.String(200), primary_key=True),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("charts", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_with_rowid=False,
    )
