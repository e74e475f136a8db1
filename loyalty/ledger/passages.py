"""A call of another project goes through a share, which must not end before the call does (domain.md 1.5)."""

from loyalty.errors import ProgramNotFound
from programs.models import Environment
from programs.queries.shares import is_open


def hold_open(environment: Environment) -> None:
    """Keep the share through which a call came live until this transaction ends; one statement, none for a project's
    own call. Raises ProgramNotFound, as if there were no such program, where it was revoked. Locks: the share."""
    passage = environment.via
    if passage is not None and not is_open(passage):
        raise ProgramNotFound(f"There is no program {passage.program!r} in this environment.")
