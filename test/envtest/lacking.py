"""What becomes of a test on a machine that lacks something the test needs."""

import os

import pytest


def lack(reason):
    """Ends the test: as failed in CI, else as skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
