"""Find the behavioural groups of a run: how many, where, and who belongs to which.

Belongs here: the rule for customers without orders, choosing k, fitting, assigning, the profile.
Does not belong here: the feature space, matching with the last run, wording; each has its module
beside this.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.analysis.sampling import hashed_sample, key_hashes
from orchestration.analysis.segmentation.features import (
    FEATURES,
    ClusterScale,
    fit_scale,
    raw_matrix,
)
from orchestration.analysis.segmentation.labels import (
    ALL_BUYERS,
    NO_ORDER,
    Label,
    is_still_true,
    name_cluster,
)
from orchestration.analysis.segmentation.matching import (
    KnownCluster,
    PreviousClusters,
    match_clusters,
)

# Customers without any valid order form a group by rule. All their order columns are null or 0:
# one point in space, on which K-Means would spend a centroid, and whose size would bend the scale
# of everybody else. Ids of groups by rule are not positive; K-Means counts from 1.
NO_ORDER_CLUSTER_ID = 0
ALL_BUYERS_CLUSTER_ID = -1
FIRST_CLUSTER_ID = 1

ASSIGNMENT_COLUMNS = ("customer_id", "cluster_id", "label_zh", "label_en", "distance")
PROFILE_COLUMNS = (
    "cluster_id",
    "label_zh",
    "label_en",
    "customer_count",
    "customer_share",
    "feature",
    "cluster_median",
    "population_median",
    "deviation",
)
CANDIDATE_COLUMNS = ("k", "silhouette", "stability", "smallest_share", "is_admissible")


@dataclass(frozen=True)
class ClusterConfig:
    """Settings of the clustering step.

    Attributes:
        min_k: Fewest groups tried when there are customers enough.
        max_k: Most groups tried.
        min_customers: Customers with orders below which all of them form one group.
        min_customers_per_cluster: k is not tried beyond customers / this.
        min_share: Smallest share of customers a group may have, 0..1.
        min_stability: Adjusted Rand index between the fit and refits on bootstrap samples below
            which a k is refused; the last run's k is refitted from its centroids.
        stability_rounds: Bootstrap samples per k.
        keep_k_margin: The last run's k stays while its silhouette is at most this much below the
            best: a group should not vanish for the third decimal.
        keep_fit_margin: The same for the last run's centroids, as a share of the sum of squares.
        sample_rows: Customers on whom k is chosen, at most 5,000 (distances are pairwise).
        fit_rows: Customers on whom the chosen k is fitted at most; all are assigned.
        restarts: Random starts per fit.
        winsor_share: See fit_scale.
        max_match_distance: See match_clusters.
        batch_rows: Customers assigned at once; bounds memory.
    """

    min_k: int = 3
    max_k: int = 8
    min_customers: int = 50
    min_customers_per_cluster: int = 20
    min_share: float = 0.02
    min_stability: float = 0.75
    stability_rounds: int = 4
    keep_k_margin: float = 0.03
    keep_fit_margin: float = 0.02
    sample_rows: int = 3_000
    fit_rows: int = 50_000
    restarts: int = 5
    winsor_share: float = 0.01
    max_match_distance: float = 0.75
    batch_rows: int = 100_000


@dataclass(frozen=True)
class ClusterResult:
    """What the clustering step returns.

    Attributes:
        assignments: ASSIGNMENT_COLUMNS, one row per customer, sorted by customer_id. distance is
            Euclidean, to the own centroid in the standardised space; NaN in rule groups.
        profile: PROFILE_COLUMNS, one row per group and feature: what sets the group apart.
            deviation is in standard deviations of all customers with orders; NaN in rule groups.
        chosen_k: Groups found by K-Means; 0 or 1 when it did not run.
        candidates: CANDIDATE_COLUMNS, one row per k tried.
        stability: Adjusted Rand index of the chosen k over bootstrap samples; NaN without K-Means.
        silhouette: Of the chosen k; NaN without K-Means.
        scale: The fitted scale.
        centroids: cluster_id and one column per feature, in raw units.
        state: Hand this to the next run as `previous`.
        notes: Plain sentences on what was decided and why.
    """

    assignments: pd.DataFrame
    profile: pd.DataFrame
    chosen_k: int
    candidates: pd.DataFrame
    stability: float
    silhouette: float
    scale: ClusterScale
    centroids: pd.DataFrame
    state: PreviousClusters
    notes: tuple[str, ...]


def cluster_customers(
    features: pd.DataFrame,
    previous: PreviousClusters | None = None,
    *,
    seed: int = 7,
    config: ClusterConfig | None = None,
) -> ClusterResult:
    """Group customers by behaviour and give each group a lasting id and a readable name.

    Args:
        features: Rows of `customer_features` of one as_of_date; one per customer_id.
            days_since_last_order is null for customers without a valid order.
        previous: State of the last run at the same or an earlier as-of date; None starts anew.
        seed: Seed of starts and bootstrap samples.
        config: Settings; None takes the defaults.

    Returns:
        Assignments, profile, choice of k and the state for the next run. The order of rows does
        not matter. Few customers or no variation give one group, and a note that says so.

    Raises:
        ValueError: A needed column is missing, or customer_id repeats.

    Source: Lloyd (1982); Rousseeuw (1987), silhouettes; Hennig (2007), stability by bootstrap.
    """
    config = config or ClusterConfig()
    _check(features)
    frame = features.sort_values("customer_id", kind="stable", ignore_index=True)
    has_order = frame["days_since_last_order"].notna().to_numpy()
    buyers = frame[has_order].reset_index(drop=True)
    scale = fit_scale(buyers, winsor_share=config.winsor_share)
    notes: list[str] = []
    if not has_order.all():
        notes.append(
            f"{int((~has_order).sum())} customers without a valid order form the group "
            f"'{NO_ORDER.en}' by rule."
        )
    candidates = pd.DataFrame(columns=[*CANDIDATE_COLUMNS])
    max_k = min(config.max_k, len(buyers) // config.min_customers_per_cluster)
    points = scale.transform(raw_matrix(buyers, scale.features))
    ids = key_hashes(buyers["customer_id"].to_numpy())
    sample = points[hashed_sample(ids, config.sample_rows)]
    distinct = len(np.unique(sample, axis=0))
    max_k = min(max_k, distinct)

    if len(buyers) == 0:
        notes.append("No customer has a valid order; nothing to cluster.")
        centroids, labels = np.empty((0, len(scale.features))), np.empty(0, dtype=int)
    elif len(buyers) < config.min_customers or max_k < 2 or not scale.features:
        is_few = len(buyers) < config.min_customers
        reason = "too few to cluster" if is_few else "no feature varies"
        notes.append(f"All {len(buyers)} customers with orders are one group: {reason}.")
        centroids, labels = points.mean(axis=0, keepdims=True), np.zeros(len(buyers), dtype=int)
    else:
        kept = _kept_centroids(previous, scale)
        candidates, judged = _try_candidates(sample, max_k, kept, seed=seed, config=config)
        chosen = _choose_k(candidates, previous, config, notes)
        fit_points = points[hashed_sample(ids, config.fit_rows)]
        centroids = _fit_chosen(
            fit_points, judged[chosen], kept, seed=seed, config=config, notes=notes
        )
        labels = np.concatenate(
            [
                _nearest(points[start : start + config.batch_rows], centroids)
                for start in range(0, len(points), config.batch_rows)
            ]
        )
        centroids, labels = _ordered_by_size(centroids, labels)

    known = _name(centroids, scale, previous, config, notes)
    assignments = _assignments(frame, has_order, points, centroids, labels, known)
    picked = candidates[candidates["k"] == len(centroids)]
    return ClusterResult(
        assignments=assignments,
        profile=_profile(frame, assignments, centroids, known, scale),
        chosen_k=len(centroids),
        candidates=candidates,
        stability=float(picked["stability"].iloc[0]) if len(picked) else float("nan"),
        silhouette=float(picked["silhouette"].iloc[0]) if len(picked) else float("nan"),
        scale=scale,
        centroids=pd.DataFrame(
            [{"cluster_id": cluster.cluster_id, **cluster.centroid} for cluster in known],
            columns=["cluster_id", *scale.features],
        ),
        state=_state(known, previous),
        notes=tuple(notes),
    )


def _check(features: pd.DataFrame) -> None:
    missing = [name for name in ("customer_id", "days_since_last_order") if name not in features]
    if missing:
        raise ValueError(f"customer_features lacks {missing}; has {list(features.columns)}")
    repeated = features["customer_id"].duplicated()
    if repeated.any():
        raise ValueError(
            f"customer_id repeats in {int(repeated.sum())} rows, e.g. "
            f"{features.loc[repeated.idxmax(), 'customer_id']!r}; pass one as_of_date only"
        )


def _kmeans(points: np.ndarray, k: int, *, seed: int, starts: int):
    """K-Means from random starts, then Lloyd steps until no customer moves.

    Stopping early would leave centroids from which the next run walks on: the same data would get
    other groups. One thread, because sums split over threads round differently.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1), warnings.catch_warnings():
        # A resample may hold fewer distinct customers than k; its agreement then says enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        rough = KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(points)
        return _settle(points, rough.cluster_centers_)


def _settle(points: np.ndarray, start: np.ndarray):
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return KMeans(n_clusters=len(start), init=start, n_init=1, tol=0.0, max_iter=1_000).fit(
            points
        )


def _kept_centroids(previous: PreviousClusters | None, scale: ClusterScale) -> np.ndarray | None:
    """The last run's centroids on this run's scale, if a fit can start from them."""
    if not previous or not previous.shares_space_with(scale):
        return None
    points = previous.points(scale)
    return points if len(np.unique(points, axis=0)) == len(points) else None


def _try_candidates(
    sample: np.ndarray,
    max_k: int,
    kept: np.ndarray | None,
    *,
    seed: int,
    config: ClusterConfig,
) -> tuple[pd.DataFrame, dict[int, np.ndarray]]:
    """Silhouette, bootstrap stability and smallest share of every k; CANDIDATE_COLUMNS.

    Also the centroids that were judged, by k.

    The last run's k is judged as it would be fitted, from the last run's centroids. From random
    starts its stability may fall below the limit for a few customers more, and then every group
    would change (adjusted Rand index 0.70 with 5 % more customers of the demo retailer).
    """
    from sklearn.metrics import adjusted_rand_score, silhouette_samples
    from sklearn.metrics.pairwise import euclidean_distances

    distances = euclidean_distances(sample)
    np.fill_diagonal(distances, 0.0)
    rows, judged = [], {}
    for k in range(min(config.min_k, max_k), max_k + 1):
        is_kept = kept is not None and len(kept) == k
        fit = (
            _settle(sample, kept)
            if is_kept
            else _kmeans(sample, k, seed=seed, starts=config.restarts)
        )
        labels, judged[k] = fit.labels_, fit.cluster_centers_
        agreements = []
        for number in range(config.stability_rounds):
            generator = np.random.default_rng([seed, k, number])
            drawn = np.sort(generator.integers(0, len(sample), len(sample)))
            refit = (
                _settle(sample[drawn], kept)
                if is_kept
                else _kmeans(sample[drawn], k, seed=seed + number + 1, starts=2)
            )
            agreements.append(adjusted_rand_score(labels, _nearest(sample, refit.cluster_centers_)))
        found = len(np.unique(labels))
        silhouette = (
            silhouette_samples(distances, labels, metric="precomputed").mean()
            if found > 1
            else -1.0
        )
        rows.append(
            (
                k,
                round(float(silhouette), 4),
                round(float(np.mean(agreements)), 4),
                round(float(np.bincount(labels, minlength=k).min() / len(labels)), 4),
            )
        )
    table = pd.DataFrame(rows, columns=[*CANDIDATE_COLUMNS[:-1]])
    table["is_admissible"] = (table["smallest_share"] >= config.min_share) & (
        table["stability"] >= config.min_stability
    )
    return table, judged


def _choose_k(
    candidates: pd.DataFrame,
    previous: PreviousClusters | None,
    config: ClusterConfig,
    notes: list[str],
) -> int:
    """The admissible k with the highest silhouette, or the last run's k if that is nearly as good.

    If none is stable, the most stable one; the smaller k wins ties.
    """
    admissible = candidates[candidates["is_admissible"]]
    if admissible.empty:
        large = candidates[candidates["smallest_share"] >= config.min_share]
        ranked = large if len(large) else candidates
        ranked = ranked.sort_values(["stability", "k"], ascending=[False, True])
        chosen = int(ranked["k"].iloc[0])
        notes.append(
            f"No k reaches stability {config.min_stability} with groups of at least "
            f"{config.min_share:.0%}; k = {chosen} is the most stable."
        )
        return chosen
    best = admissible.sort_values(["silhouette", "k"], ascending=[False, True]).iloc[0]
    last_k = len(previous.clusters) if previous else 0
    last = admissible[admissible["k"] == last_k]
    if len(last) and last["silhouette"].iloc[0] >= best["silhouette"] - config.keep_k_margin:
        best = last.iloc[0]
    notes.append(
        f"k = {int(best['k'])}: silhouette {best['silhouette']:.3f}, "
        f"stability {best['stability']:.3f}."
    )
    return int(best["k"])


def _fit_chosen(
    points: np.ndarray,
    judged: np.ndarray,
    kept: np.ndarray | None,
    *,
    seed: int,
    config: ClusterConfig,
    notes: list[str],
) -> np.ndarray:
    """Centroids for everybody: those that the last run's settle to, else the judged ones.

    From random starts everybody's fit may be another one than was judged on the sample, with groups
    that the silhouette would have refused. The last run's are given up when such a fit is better.
    """
    if kept is None or len(kept) != len(judged):
        return _settle(points, judged).cluster_centers_
    # from themselves, not from where the sample led them, so that a rerun stays where it is
    settled = _settle(points, kept)
    fresh = _kmeans(points, len(judged), seed=seed, starts=config.restarts)
    if settled.inertia_ <= fresh.inertia_ * (1 + config.keep_fit_margin):
        return settled.cluster_centers_
    notes.append("The groups of the last run no longer fit; new ones were found.")
    return fresh.cluster_centers_


def _nearest(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    return _squared_distances(points, centroids).argmin(axis=1)


def _squared_distances(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """(n, k), one centroid at a time: differences rather than the product form, which rounds."""
    return np.column_stack([((points - centroid) ** 2).sum(axis=1) for centroid in centroids])


def _ordered_by_size(centroids: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest group first; equal sizes by coordinates. Drops groups that nobody belongs to."""
    sizes = np.bincount(labels, minlength=len(centroids))
    order = sorted(
        (position for position in range(len(centroids)) if sizes[position]),
        key=lambda position: (-sizes[position], tuple(np.round(centroids[position], 9))),
    )
    renumbered = np.full(len(centroids), -1)
    renumbered[order] = np.arange(len(order))
    return centroids[order], renumbered[labels]


def _name(
    centroids: np.ndarray,
    scale: ClusterScale,
    previous: PreviousClusters | None,
    config: ClusterConfig,
    notes: list[str],
) -> list[KnownCluster]:
    """Give every group its id and label; those recognised from the last run keep theirs.

    A kept group whose label is no longer true keeps its id and gets a true label.
    """
    raw = scale.inverse(centroids.copy())
    if len(centroids) == 1:
        centroid = dict(zip(scale.features, map(float, raw[0]), strict=True))
        return [KnownCluster(ALL_BUYERS_CLUSTER_ID, ALL_BUYERS.zh, ALL_BUYERS.en, centroid, {})]
    matched: dict[int, int] = {}
    if previous and previous.shares_space_with(scale):
        matched = match_clusters(
            centroids, previous.points(scale), max_distance=config.max_match_distance
        )
    next_id = previous.next_cluster_id if previous else FIRST_CLUSTER_ID
    deviations = [dict(zip(scale.features, map(float, row), strict=True)) for row in centroids]
    labels: dict[int, Label] = {}
    for position, old in matched.items():
        cluster = previous.clusters[old]
        if is_still_true(cluster.basis, deviations[position]):
            labels[position] = Label(cluster.label_zh, cluster.label_en, dict(cluster.basis))
        else:
            notes.append(f"'{cluster.label_en}' no longer describes its group; it was renamed.")
    known = []
    for position in range(len(centroids)):
        if position not in labels:
            taken = {label.en for label in labels.values()}
            labels[position] = name_cluster(deviations[position], taken)
        if position in matched:
            cluster_id = previous.clusters[matched[position]].cluster_id
        else:
            cluster_id, next_id = next_id, next_id + 1
        centroid = dict(zip(scale.features, map(float, raw[position]), strict=True))
        label = labels[position]
        known.append(KnownCluster(cluster_id, label.zh, label.en, centroid, label.basis))
    return known


def _state(known: list[KnownCluster], previous: PreviousClusters | None) -> PreviousClusters:
    """What the next run must know. A run without K-Means passes the older memory on."""
    if len(known) < 2:
        return previous or PreviousClusters((), FIRST_CLUSTER_ID)
    first_free = previous.next_cluster_id if previous else FIRST_CLUSTER_ID
    newest = max(cluster.cluster_id for cluster in known) + 1
    return PreviousClusters(tuple(known), max(first_free, newest))


def _assignments(
    frame: pd.DataFrame,
    has_order: np.ndarray,
    points: np.ndarray,
    centroids: np.ndarray,
    labels: np.ndarray,
    known: list[KnownCluster],
) -> pd.DataFrame:
    """One row per customer; ASSIGNMENT_COLUMNS, distance to 6 digits."""
    assigned = np.full(len(frame), -1)
    assigned[has_order] = labels
    distance = np.full(len(frame), np.nan)
    if len(centroids) > 1:
        own = np.sqrt(((points - centroids[labels]) ** 2).sum(axis=1))
        distance[has_order] = np.round(own, 6)
    # Position -1 is the last entry: customers without orders.
    ids = np.array([*(cluster.cluster_id for cluster in known), NO_ORDER_CLUSTER_ID], dtype="int32")
    chinese = np.array([*(cluster.label_zh for cluster in known), NO_ORDER.zh], dtype=object)
    english = np.array([*(cluster.label_en for cluster in known), NO_ORDER.en], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "cluster_id": ids[assigned],
            "label_zh": chinese[assigned],
            "label_en": english[assigned],
            "distance": distance,
        },
        columns=[*ASSIGNMENT_COLUMNS],
    )


def _profile(
    frame: pd.DataFrame,
    assignments: pd.DataFrame,
    centroids: np.ndarray,
    known: list[KnownCluster],
    scale: ClusterScale,
) -> pd.DataFrame:
    """One row per group and feature; PROFILE_COLUMNS."""
    names = [feature.name for feature in FEATURES if feature.name in frame]
    raw = pd.DataFrame(raw_matrix(frame, tuple(names)), columns=names)
    population = raw.median()
    by_group = raw.groupby(assignments["cluster_id"].to_numpy()).median()
    sizes = assignments.groupby("cluster_id").size()
    rows = []
    for cluster_id, size in sizes.items():
        position = next(
            (place for place, cluster in enumerate(known) if cluster.cluster_id == cluster_id), None
        )
        label = assignments.loc[assignments["cluster_id"] == cluster_id].iloc[0]
        for name in names:
            deviation = float("nan")
            if position is not None and name in scale.features and len(known) > 1:
                deviation = round(float(centroids[position, scale.features.index(name)]), 4)
            rows.append(
                (
                    cluster_id,
                    label["label_zh"],
                    label["label_en"],
                    int(size),
                    round(size / len(frame), 6),
                    name,
                    by_group.loc[cluster_id, name],
                    population[name],
                    deviation,
                )
            )
    return pd.DataFrame(rows, columns=[*PROFILE_COLUMNS])
