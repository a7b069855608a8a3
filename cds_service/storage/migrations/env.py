"""Run by Alembic; cds_service/storage/schema.py hands over the connection, inside its transaction, and the table."""

from alembic import context

from cds_service.storage.models import Base

given = context.config.attributes
context.configure(connection=given["connection"], target_metadata=Base.metadata, version_table=given["version_table"])
context.run_migrations()
