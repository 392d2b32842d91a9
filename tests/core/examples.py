"""How many examples the property tests of the core look at: LOCKGATE_EXAMPLES=100000 is their long mode."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = settings(
    max_examples=int(os.environ.get("LOCKGATE_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
