"""How the rows of legs are found: each charge looks for its legs, however many were charged before."""

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from sources.billing.calls import LOCKED
from sources.billing.tables import CALLS, METADATA


def test_legs_are_found_without_a_walk_through_all_of_them() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    METADATA.create_all(engine)
    with engine.connect() as connection:
        statement = str(LOCKED.compile(engine))
        steps = [step[3] for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ('["CF-1#1"]',))]
    engine.dispose()
    assert not [step for step in steps if step.startswith(f"SCAN {CALLS.name}")], steps
