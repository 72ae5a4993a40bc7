"""charmhelpers' services framework with a `health` key; for hooks only."""
