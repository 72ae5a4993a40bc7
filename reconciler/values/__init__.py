"""The values that everything else is made of, and words for people."""
