"""Benchmarks: each is one command, as ``python -m benchmarks.handoff``, and prints a table, or ``--json``.

A baseline is measured in the same run. Figures in docs/performance.md come from these commands.
"""
