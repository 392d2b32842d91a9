"""The teams' source systems: a small HTTP API over the real New York flights of 2013.

Stands for systems that lockgate does not own; it imports nothing of lockgate, and only the teams' code calls it.
"""
