"""What is asked on a machine, and how the answers are read."""
