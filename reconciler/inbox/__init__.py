"""Taking what agents push: credentials, the receiver, and its files."""
