"""What several commands are told alike, and how they print."""
