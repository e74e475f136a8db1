from programs.models import Environment
from tests.loyalty.imports.files import balances, bring, counts, entries, problems


def test_smoke(environment: Environment) -> None:
    text = "member_id;points;expires_at;attributes.city\nada;500;2030-01-01;Köln\nBob Smith;7;;\nzoe;10;2020-01-01;x\nbad;-3;;\nada;500;2030-01-01;\n"
    file = bring(environment, text)
    print(problems(file))
    print(balances(environment))
    print(entries(environment, "zoe"))
    assert counts(file) == ("done", 5, 3, 0, 2)
    again = bring(environment, text)
    print(problems(again))
    assert counts(again) == ("done", 5, 0, 3, 2)
    assert False
