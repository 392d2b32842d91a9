"""One machine's platform: brings services, ledger, pools, deployments and workers up, and down again.

Imports everything below it; only the command line imports it.
"""
