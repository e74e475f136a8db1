"""The yardstick: the same calls as most Django projects would write them.

The ORM, DRF view sets and model serializers, the key looked up in the database for each request,
ATOMIC_REQUESTS; over the engine's models, on the same server. It writes the same rows as the engine.
"""
