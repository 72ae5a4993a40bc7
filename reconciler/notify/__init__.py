"""What is said of an incident, to whom, and by which way."""
