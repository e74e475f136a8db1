"""Every page of the console, looked at by machine: what it asks for, how it is laid out, whom it keeps out.

A page that is new is looked at by itself; an address that is none says why in `addresses.py`.
"""

import pytest
from django.urls import reverse

from tests.browser.addresses import NO_PAGES, NOT_ADDED, Address, addresses, pages, why_no_page
from tests.browser.conftest import Visit
from tests.browser.look import look
from tests.browser.visitor import Visitor
from tests.console.tenants import Tenant

WITHOUT_FRAME = {"login"}  # looked at by who is not logged in


def test_every_address_of_the_console_is_looked_at_or_says_why_not() -> None:
    found = addresses()
    names = {address.name for address in found}
    assert len(pages()) > 100
    assert {name for name in NO_PAGES if not any(each.endswith(name) for each in names)} == set()
    assert {noun for noun in NOT_ADDED if not any(each.endswith(f"_{noun}_add") for each in names)} == set()
    assert all(address.model or not address.of_row for address in pages())
    assert {address.name for address in found if why_no_page(address) == ""} == set()


@pytest.mark.parametrize("address", pages(), ids=lambda address: address.name)
def test_each_page_is_sound(visit: Visit, owner: Visitor, world: Tenant, address: Address) -> None:
    visitor = visit() if address.name in WITHOUT_FRAME else owner
    arguments = [world.rows[address.model].pk] if address.of_row and address.model else []
    url = reverse(f"admin:{address.name}", args=arguments)
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    answer = visitor.page.goto(f"{visitor.url}{url}")
    assert answer is not None
    assert (answer.status, visitor.page.url) == (200, f"{visitor.url}{url}"), (
        "no page: say why in addresses.py"
    )
    assert look(visitor) == []
