"""Run by Alembic; cds_service/storage/schema.py hands over the connection, inside its transaction."""

from alembic import context

from cds_service.storage.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
