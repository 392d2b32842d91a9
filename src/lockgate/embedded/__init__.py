"""The services of one machine: PostgreSQL, broker and Prefect server, and the processes they run in.

Imports lockgate.core only. Prefect is started as a process and never imported here, so that a
command that only asks what is running stays fast.
"""
