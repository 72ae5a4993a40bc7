"""The checks that NRPE was told of."""
