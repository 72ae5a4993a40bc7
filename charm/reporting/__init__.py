"""From a unit's checks, and what its hooks recorded, to one report."""
