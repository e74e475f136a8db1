"""What is wrong with a piece of configuration, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `path` leads to it from the root (`all[1].any[0].op`, "" for the root),
    `code` is stable, `detail` is a sentence that says what to do."""

    path: str
    code: str
    detail: str

    def to_json(self) -> dict[str, str]:
        return {"path": self.path, "code": self.code, "detail": self.detail}


class FaultyConfigurationError(ValueError):
    """Configuration was refused; `faults` (never empty) says why."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.path or 'root'}: {fault.detail}" for fault in faults))


class ConditionError(FaultyConfigurationError):
    """A condition was refused."""


class Refusal(Exception):
    """A value is not acceptable where it stands; `below` is the path below the value."""

    def __init__(self, code: str, detail: str, below: str = "") -> None:
        self.code, self.detail, self.below = code, detail, below
        super().__init__(detail)


def join(path: str, key: str) -> str:
    """The path of `key` below `path`; either may be empty."""
    return f"{path}.{key}" if path and key else path or key
