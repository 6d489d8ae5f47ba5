"""Any event as target: the YAML files of dbt_project/propensities, read and checked.

Belongs here: what a definition may say. Does not belong here: learning (analysis/propensity) and
what an asset does with it (assets/propensities.py).
"""

from orchestration.propensities.definition import Propensity, read_propensities

__all__ = ["Propensity", "read_propensities"]
