"""The Prefect layer: the flow that runs an asset, what is deployed, the sweep.

Imports the core, the ledger and the store; the command line and the platform import it, never the reverse.
"""
