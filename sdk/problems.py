"""One error class for each code of the engine (loyalty.api.v1.errors), in both languages."""

import textwrap
from collections.abc import Mapping
from typing import Protocol

NOTE = "Made by sdk/generate.py."


class Problem(Protocol):
    """What the engine says about a code."""

    @property
    def status(self) -> int: ...
    @property
    def meaning(self) -> str: ...
    @property
    def remedy(self) -> str: ...


Problems = Mapping[str, Problem]


def class_name(code: str) -> str:
    """`insufficient_balance` is an InsufficientBalanceError, `internal_error` an InternalError."""
    return "".join(word.capitalize() for word in code.removesuffix("_error").split("_")) + "Error"


def in_python(problems: Problems) -> str:
    lines = [f'"""One error for each code of the engine. {NOTE}"""\n']
    lines.append("from typing import Final\n\nfrom loyalty_engine_client.errors import LoyaltyError\n")
    lines.append("__all__ = [")
    lines += [f'    "{name}",' for name in sorted(map(class_name, problems))]
    lines.append("]\n")
    for code, problem in problems.items():
        text = textwrap.fill(f"{problem.status}. {problem.meaning} {problem.remedy}", 106)
        body = textwrap.indent(f'"""{text}\n"""' if "\n" in text else f'"""{text}"""', "    ")
        lines.append(f'\nclass {class_name(code)}(LoyaltyError):\n{body}\n\n    default_code = "{code}"\n')
    lines.append("\nPROBLEMS: Final[dict[str, type[LoyaltyError]]] = {")
    lines += [f'    "{code}": {class_name(code)},' for code in problems]
    return "\n".join([*lines, "}\n"])


def in_javascript(problems: Problems) -> str:
    lines = [
        f'// One error for each code of the engine. {NOTE}\nimport {{ LoyaltyError }} from "./errors.js";\n'
    ]
    for code, problem in problems.items():
        lines.append(f"{_comment(problem)}\nexport class {class_name(code)} extends LoyaltyError {{}}")
        lines.append(f'{class_name(code)}.defaultCode = "{code}";\n')
    lines.append("export const PROBLEMS = new Map([")
    lines += [f'  ["{code}", {class_name(code)}],' for code in problems]
    return "\n".join([*lines, "]);\n"])


def in_typescript(problems: Problems) -> str:
    lines = [
        f'// One error for each code of the engine. {NOTE}\nimport {{ LoyaltyError }} from "./errors.js";\n'
    ]
    for code, problem in problems.items():
        lines.append(f"{_comment(problem)}\nexport class {class_name(code)} extends LoyaltyError {{}}\n")
    lines.append("export const PROBLEMS: ReadonlyMap<string, typeof LoyaltyError>;\n")
    return "\n".join(lines)


def _comment(problem: Problem) -> str:
    return f"/** {problem.status}. {problem.meaning} {problem.remedy} */"
