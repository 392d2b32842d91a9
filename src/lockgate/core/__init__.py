"""The pure core: what assets, checks and partitions are, and how the gate decides.

Knows neither Prefect, nor SQL, nor files; everything else in lockgate may import it.
"""
