"""What was: every sweep's findings as runs, and what changed, in SQLite or PostgreSQL."""
