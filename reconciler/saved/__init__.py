"""Sweeps that were saved: their document, a replay, and what changed between two."""
