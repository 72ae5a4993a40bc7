"""Which trouble explains which: who depends on whom, what is shared, and what to do."""
