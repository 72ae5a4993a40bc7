"""Reports on their way to the orchestrator: kept until it has them."""
