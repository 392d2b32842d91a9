"""Text and numbers that a team's code leaves, as every ledger, log and terminal can hold them."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MAX_COUNT = 2**63 - 1


def one_line(text: str, most: int) -> str:
    """At most ``most`` characters of a text, in one line.

    What cannot be shown or stored (NUL, other controls, half of a surrogate pair) becomes U+FFFD.
    """
    line = " ".join(text[: 4 * most].split())
    cut = line[:most] if len(line) <= most else f"{line[: most - 3]}..."
    return "".join(char if char.isprintable() else REPLACEMENT for char in cut)
