"""How often the laws are tried, and from which seed on."""

import pytest


@pytest.fixture
def law_cases(request: pytest.FixtureRequest) -> int:
    """`--law-cases`"""
    return int(request.config.getoption("--law-cases"))


@pytest.fixture
def law_seed(request: pytest.FixtureRequest) -> int:
    """`--law-seed`"""
    return int(request.config.getoption("--law-seed"))
