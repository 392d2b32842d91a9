"""Alembic's entry: one connection, acting as the ledger's owner."""

import sqlalchemy
from alembic import context

url = context.config.attributes["url"].replace("postgresql://", "postgresql+psycopg://", 1)
engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    connection.exec_driver_sql("SET ROLE lockgate_owner")
    # A session that reads a table for ever must not hold up the migration, and with it all who come after.
    connection.exec_driver_sql("SET lock_timeout = '30s'")
    connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS lockgate")
    connection.commit()
    context.configure(connection=connection, version_table_schema="lockgate", transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
