"""Real machines for tests: systemd-nspawn on an overlay of one root file system."""
