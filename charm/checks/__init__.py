"""What a check is made of; `kinds/` has the checks, one file a kind."""
