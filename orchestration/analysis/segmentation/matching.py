"""The same group keeps its id: what a run hands to the next, and how the next recognises it.

Belongs here: the memory of a run and the assignment of old ids to new centroids.
Does not belong here: finding centroids, wording of labels, where the memory is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from orchestration.analysis.segmentation.features import ClusterScale


@dataclass(frozen=True)
class KnownCluster:
    """One group of an earlier run.

    Attributes:
        cluster_id: Its id, >= 1.
        label_zh: Its Chinese label.
        label_en: Its English label.
        centroid: Feature → value in raw units, so that it can be placed on another run's scale.
        basis: Feature → 1 or -1, the deviations its label speaks of.
    """

    cluster_id: int
    label_zh: str
    label_en: str
    centroid: dict[str, float]
    basis: dict[str, int]


@dataclass(frozen=True)
class PreviousClusters:
    """Memory of a run.

    Attributes:
        clusters: Groups found by K-Means; rule groups need no memory.
        next_cluster_id: Smallest id never given out: the id of a vanished group is not reused.
    """

    clusters: tuple[KnownCluster, ...]
    next_cluster_id: int

    def to_dict(self) -> dict[str, Any]:
        """The memory as JSON types."""
        return {
            "clusters": [asdict(cluster) for cluster in self.clusters],
            "next_cluster_id": self.next_cluster_id,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> PreviousClusters:
        """Rebuild what to_dict gave.

        Raises:
            ValueError: The mapping is not such a memory.
        """
        try:
            clusters = tuple(KnownCluster(**cluster) for cluster in stored["clusters"])
            return cls(clusters, int(stored["next_cluster_id"]))
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"stored clusters are not readable ({error}); delete them to start with new ids"
            ) from error

    def points(self, scale: ClusterScale) -> np.ndarray:
        """Centroids on the scale of another run, (clusters, features).

        A feature this memory does not know (its channel was not connected yet) counts as average.
        """
        if not self.clusters:
            return np.empty((0, len(scale.features)))
        raw = np.array(
            [
                [cluster.centroid.get(name, np.nan) for name in scale.features]
                for cluster in self.clusters
            ],
            dtype="float64",
        )
        return np.where(np.isfinite(raw), scale.transform(raw), 0.0)

    def shares_space_with(self, scale: ClusterScale) -> bool:
        """Whether at least half of the scale's features are known to every remembered group."""
        known = [
            name
            for name in scale.features
            if all(name in cluster.centroid for cluster in self.clusters)
        ]
        return bool(self.clusters) and 2 * len(known) >= len(scale.features)


def match_clusters(
    centroids: np.ndarray, previous: np.ndarray, *, max_distance: float
) -> dict[int, int]:
    """Pair new centroids with previous ones so that the total distance is smallest.

    Args:
        centroids: New centroids, standardised, (new, features).
        previous: Previous centroids on the same scale, (old, features).
        max_distance: Root mean square difference per feature, in standard deviations, beyond which
            a pair is not the same group.

    Returns:
        New position → previous position; unmatched ones are absent.

    Source: Kuhn (1955), the Hungarian method.
    """
    from scipy.optimize import linear_sum_assignment

    if not len(centroids) or not len(previous):
        return {}
    difference = centroids[:, None, :] - previous[None, :, :]
    distance = np.sqrt((difference**2).mean(axis=2))
    # A pair beyond the limit costs as much as no pair: a far pair must not push a near one aside.
    new, old = linear_sum_assignment(np.minimum(distance, max_distance))
    return {int(i): int(j) for i, j in zip(new, old, strict=True) if distance[i, j] < max_distance}
