"""Callbacks in processes of their own: `host` and `file_hosts` are there, `hosted` is here."""
