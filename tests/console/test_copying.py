"""The pages that copy the sandbox's configuration to live, and that begin a sandbox anew."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from programs.admin.base import SESSION_KEY
from programs.models import EarningRule, Environment, Project, Reward
from tests import factories
from tests.console.conftest import *  # noqa: F403
