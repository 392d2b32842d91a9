"""lockgate: a multi-team data platform on Prefect 3 with a gate before every asset."""
