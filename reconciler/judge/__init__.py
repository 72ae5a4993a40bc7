"""Pure: from readings to the health of services, and to exit codes."""
