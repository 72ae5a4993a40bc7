"""Every unit's reading by the deadline: many machines at once, or what was pushed."""
