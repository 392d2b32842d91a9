"""Whether a pool's template is closed: what of it a run, or whoever starts one, could choose."""

from collections.abc import Iterator, Mapping
from typing import Any

# What a run may vary, by the settings that it goes into, and only where the template's schema bounds it.
BOUNDED = {"mem_limit": "mem_limit", "memswap_limit": "mem_limit", "nano_cpus": "nano_cpus"}


def openings(template: Mapping[str, Any]) -> list[str]:
    """What is open in a base job template, in words; nothing if it is closed.

    Prefect fills a run's job variables in wherever the configuration has ``{{ name }}``, whether or not the schema
    knows the name. And it adds a run's ``env`` to the configuration's, if there is one.
    """
    configuration, schema = template.get("job_configuration") or {}, template.get("variables") or {}
    found = [*_placeholders(configuration, "")]
    if "env" in configuration:
        found.append("env can be added to")
    if "env" in schema.get("properties", {}):
        found.append("env can be set")
    if schema.get("additionalProperties") is not False:
        found.append("any variable is accepted")
    for name, rule in schema.get("properties", {}).items():
        if name != "env" and not ("enum" in rule or {"minimum", "maximum"} <= rule.keys()):
            found.append(f"{name} has no ceiling")
    return found


def _placeholders(tree: Any, where: str) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from _placeholders(value, f"{where}.{name}" if where else str(name))
    elif isinstance(tree, list):
        for value in tree:
            yield from _placeholders(value, where)
    elif isinstance(tree, str) and "{{" in tree:
        bounded = BOUNDED.get(where.rpartition(".")[2])
        if bounded is None or tree != f"{{{{ {bounded} }}}}":
            yield f"{where} can be chosen"
