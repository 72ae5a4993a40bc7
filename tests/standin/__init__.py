"""A stand-in for the juju command, and the builder of its world."""
