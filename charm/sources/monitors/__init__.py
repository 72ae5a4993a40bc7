"""The checks that a principal asks for in relations."""
