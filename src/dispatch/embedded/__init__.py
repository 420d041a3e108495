"""One PostgreSQL server beside the data, started on demand and shared by the processes that need it.

server.EmbeddedPostgres is the way in; database.database_url hides whether the database is embedded or external.
docs/decisions/0003-embedded-postgres.md says why it is built this way.
"""
