"""Contracts: pandera schemas, applied and judged so that nothing passes by accident and no data leaks.

    definition   which schemas are taken, and what a schema's metadata may say
    apply        make the value what will be staged: parsers, defaults, coercion that loses nothing
    lossless     whether a coercion kept every value
    structure    columns, types, nulls, duplicates, index
    rules        run each rule on a view of its own
    answers      what a rule's answer is worth
    failure      what is wrong, in words and rows
    views        which parts of a frame a schema speaks of, and private copies of them
    fingerprint  whether a frame is still the same after it was judged
    written      the function a team wrote behind one of pandera's

pandera's schemas, types and rules are used as they are. Its validation as a whole is not: that heeds environment
variables, hands one frame from rule to rule, takes what is no answer for a yes, and calls what a team put in its place.
"""

from lockgate.core.contract.check import Applied, ContractCheck
from lockgate.core.contract.definition import Contract, schema_parts

__all__ = ["Applied", "Contract", "ContractCheck", "schema_parts"]
