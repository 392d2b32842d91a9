"""Adding an import to a source file, where its other imports are."""

import ast

LINE_LENGTH = 120


def with_import(source: str, statement: str) -> str:
    """The source with one more import, or as it was if it has that import already.

    Args:
        source: A Python module.
        statement: ``import a as b``, or ``from a import b``, which joins an import from ``a`` that is there.

    Raises:
        SyntaxError: If the source cannot be parsed.
    """
    wanted = ast.parse(statement).body[0]
    present = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    same = next((node for node in present if _same_module(node, wanted)), None)
    if same is None:
        return _replaced(source, statement, after=_last_line(source, present))
    if isinstance(same, ast.ImportFrom) and isinstance(wanted, ast.ImportFrom):
        names = {ast.unparse(alias) for alias in (*same.names, *wanted.names)}
        if len(names) > len(same.names):
            joined = _written(f"from {same.module} import ", sorted(names, key=_isort_order))
            return _replaced(source, joined, after=same.lineno - 1, until=same.end_lineno or same.lineno)
    return source


def _same_module(node: ast.stmt, wanted: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom) and isinstance(wanted, ast.ImportFrom):
        return node.module == wanted.module and node.level == wanted.level
    return ast.unparse(node) == ast.unparse(wanted)


def _written(start: str, names: list[str]) -> str:
    line = start + ", ".join(names)
    if len(line) <= LINE_LENGTH:
        return line
    listed = ",\n    ".join(names)
    return f"{start}(\n    {listed},\n)"


def _isort_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as linters want it."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def _last_line(source: str, imports: list[ast.Import | ast.ImportFrom]) -> int:
    """The line after which an import goes: the last import's, else the docstring's, else none."""
    body = ast.parse(source).body
    leading = body[:1] if body and isinstance(body[0], ast.Expr) else []
    return max((node.end_lineno or 0 for node in (*leading, *imports)), default=0)


def _replaced(source: str, text: str, *, after: int, until: int | None = None) -> str:
    lines = source.splitlines(keepends=True)
    return "".join([*lines[:after], f"{text}\n", *lines[after if until is None else until :]])
