"""The orchestrator side of juju-health: ask every unit, collate, and say what is wrong."""
