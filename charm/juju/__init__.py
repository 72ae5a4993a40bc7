"""What Juju's hooks and actions do to a machine, and the doors they use."""
