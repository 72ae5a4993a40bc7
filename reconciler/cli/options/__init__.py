"""What several commands were told alike, as values, and how they print."""
