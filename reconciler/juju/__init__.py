"""The only caller of `juju`, the only reader of its status, and what its words mean."""
