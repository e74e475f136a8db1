"""The loyalty engine's API from Python.

client = Client("sk_…", base_url="https://loyalty.example.com")
client.points.award(customer_id="cus_abc123", points=100, reason="Purchase")
"""

from loyalty_engine_client import errors, problems, shapes, webhooks
from loyalty_engine_client.client import Client
from loyalty_engine_client.errors import *  # noqa: F403 - its __all__
from loyalty_engine_client.pages import Page
from loyalty_engine_client.problems import *  # noqa: F403 - its __all__
from loyalty_engine_client.problems import PROBLEMS

__all__ = ["PROBLEMS", "Client", "Page", "shapes", "webhooks"]
__all__ += errors.__all__
__all__ += problems.__all__
