"""ssh of our own with asyncssh, where it is installed: one thread serves all connections."""
