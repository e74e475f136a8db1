"""What tests of races share: what the threads met, and how one action runs inside another."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest
from django.db import connection, connections

from loyalty.errors import LoyaltyError

Together = Callable[..., list[Any]]


def outcomes(results: list[Any]) -> Counter[str]:
    """How many succeeded, and how many met which refusal. What is no refusal is raised."""
    met: Counter[str] = Counter()
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, LoyaltyError):
            raise result
        met[result.code if isinstance(result, LoyaltyError) else "done"] += 1
    return met


def attempt(function: Callable[[], Any]) -> Any:
    """What it returned, or the refusal."""
    try:
        return function()
    except LoyaltyError as error:
        return error


def flat(results: list[Any]) -> list[Any]:
    """Of threads that each did several things. What a thread died of is raised."""
    for result in results:
        if isinstance(result, Exception):
            raise result
    return list(chain.from_iterable(results))


def elsewhere(function: Callable[[], Any]) -> Any:
    """Run it to its end on a connection of its own."""

    def guarded() -> Any:
        try:
            return attempt(function)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(guarded).result()


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, function: Callable[[], Any]
) -> list[Any]:
    """Let `function` happen elsewhere right before the module's function of that name first runs. Answers
    the list that will hold what came of it."""
    original = getattr(module, name)
    done: list[Any] = []

    def patched(*positional: Any, **named: Any) -> Any:
        if not done:
            done.append(None)
            done[0] = elsewhere(function)
        return original(*positional, **named)

    monkeypatch.setattr(module, name, patched)
    return done


def kill_own_connection() -> None:
    """What comes next on this thread's connection finds it closed by the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (own,) = cursor.fetchone()

    def kill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])

    elsewhere(kill)
