"""Behavioural clusters of customers: groups found in the data, named, and kept under one id.

features → clustering → matching → labels. Callers need `cluster_customers` and, between runs,
`PreviousClusters`.
Belongs here: what K-Means needs. Segments that are rules (RFM, lifecycle, tiers) are dbt models;
reading and writing tables is the asset's work.
"""

from orchestration.analysis.segmentation.clustering import (
    ASSIGNMENT_COLUMNS,
    ClusterConfig,
    ClusterResult,
    cluster_customers,
)
from orchestration.analysis.segmentation.matching import PreviousClusters

__all__ = [
    "ASSIGNMENT_COLUMNS",
    "ClusterConfig",
    "ClusterResult",
    "PreviousClusters",
    "cluster_customers",
]
