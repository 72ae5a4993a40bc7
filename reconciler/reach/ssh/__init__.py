"""ssh of our own, with paramiko: logins, host keys, and connections that stay open."""
