"""What the agent answers, over a unix socket and TLS; and the client that asks it."""
