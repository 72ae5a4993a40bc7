"""Helpers that tests of more than one room, or of both units and hosts, use."""
