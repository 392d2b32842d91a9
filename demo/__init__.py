"""The demonstration: source systems over real data, and the story told with them. Nothing in lockgate imports it."""
