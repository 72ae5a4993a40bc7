"""Why can I not collect, and what mends it."""
