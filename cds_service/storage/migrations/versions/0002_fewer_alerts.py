"""The encounter of a call, and why a card was withheld."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("invocation", sa.Column("encounter_hash", sa.String(64)))
    op.add_column("invocation_card", sa.Column("withheld", sa.Text))
