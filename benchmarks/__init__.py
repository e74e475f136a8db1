"""What the engine costs, measured over HTTP against a bare database and against idiomatic Django.

`python -m benchmarks` (make bench) prints the table; docs/performance.md says what it means.
"""
