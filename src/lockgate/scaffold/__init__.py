"""New teams, assets and projects from templates: what `lockgate new` and `lockgate init` write.

    project.py    a project around an installed lockgate
    team.py       a team in its own folder
    asset.py      an asset with contract, check and test in an existing team
    imports.py    adding an import to a source file
    templates.py  reading and filling the templates

Writes files and lets uv lock; imports nothing of a team and nothing of Prefect. Only the command line imports it.
"""
