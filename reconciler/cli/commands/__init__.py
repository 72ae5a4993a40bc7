"""What each command does, one file a command; it is loaded when that is run."""
