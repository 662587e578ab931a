"""Alembic migrations, configured in code so that they travel inside the wheel."""
