"""From a check's outcome to Dagster's result.

Belongs here: the translation that every check module shares. Does not belong here: any check.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from orchestration.resources.run_record import CheckOutcome

SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warn": dg.AssetCheckSeverity.WARN}


def check_result(
    spec: dg.AssetCheckSpec, outcome: CheckOutcome, metadata: dict[str, Any] | None = None
) -> dg.AssetCheckResult:
    """The result that Dagster shows for an outcome that ops.dq_result keeps."""
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=outcome.passed,
        severity=SEVERITIES[outcome.severity],
        metadata={"value": outcome.value, **(metadata or {})},
    )
