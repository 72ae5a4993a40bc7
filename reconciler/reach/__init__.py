"""How bytes travel to where the units are."""
