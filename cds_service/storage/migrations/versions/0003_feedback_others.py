"""What feedback holds beside the members of CDS Hooks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("feedback", sa.Column("others", sa.Text))
