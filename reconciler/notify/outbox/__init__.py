"""Messages that are to be sent, until they are: at least once, whoever dies meanwhile."""
