"""What can be typed: arguments, options and help of each command, without what does the work."""
