"""Alembic's folder: `env.py` is run by every command of `hub.db.migrate`, `versions` holds the migrations in order."""
