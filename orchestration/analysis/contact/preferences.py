"""Priors of channels and hours, and the contest of own preference with what is best for all.

Belongs here: what is learnt from earlier and judged on later answers; who is served.
Does not belong here: the arithmetic of shrinking (shrinkage).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from orchestration.analysis.contact.shrinkage import prior_strength, shrunk
from orchestration.analysis.evaluation import EVALUATION_COLUMNS, evaluation_rows, gain_share

MODEL_NAME = "contact_preference"
CHANNEL, HOUR = "channel", "hour"
HOURS = 24
#: Hours on either side that count as the same time of day.
BAND = 1
PRIOR_COLUMNS = ("kind", "code", "rate", "strength", "sign_count", "served_by")


@dataclass(frozen=True)
class ContactConfig:
    """Settings of the contest.

    Attributes:
        min_customers: Customers that can judge, below which the rule is served.
        min_win_share: Share of resamples in which own preference must be ahead.
        rounds: Number of resamples.
    """

    min_customers: int = 100
    min_win_share: float = 0.9
    rounds: int = 500


@dataclass
class ContactResult:
    """What is known of all customers, and whether their own past is served.

    Attributes:
        priors: PRIOR_COLUMNS; one row per channel, and per hour 0..23 the share of the acts within
            an hour of it.
        evaluation: Rows for model_eval.
        notes: Plain sentences.
    """

    priors: pd.DataFrame
    evaluation: pd.DataFrame
    notes: list[str] = field(default_factory=list)


def learn_preferences(
    channels: pd.DataFrame,
    hours: pd.DataFrame,
    *,
    as_of_date: date,
    seed: int,
    config: ContactConfig | None = None,
) -> ContactResult:
    """Learn the priors from all answers, and grade on the later ones what the earlier ones say.

    Args:
        channels: customer_id, channel, sent_before, clicked_before, sent_after, clicked_after: how
            many campaigns reached a customer on a channel before and after a day, and how many of
            them were clicked.
        hours: customer_id, hour (0..23), acts_before, acts_after.
        as_of_date: Day of the run.
        seed: Seed of the resampling.
        config: Settings; None takes the defaults.

    Returns:
        Priors from both periods together, grades, notes.
    """
    config = config or ContactConfig()
    channel_contest = _channel_contest(channels)
    hour_contest = _hour_contest(hours)
    rows, notes, served = [], [], {}
    for kind, metric, contest in (
        (CHANNEL, "channel_response_rate", channel_contest),
        (HOUR, "hour_hit_share", hour_contest),
    ):
        grade, note, served[kind] = _judge(kind, metric, contest, as_of_date, seed, config)
        rows.append(grade)
        notes.append(note)
    parts = [
        _channel_priors(channels, "sent", "clicked").assign(served_by=served[CHANNEL]),
        _hour_priors(hours).assign(served_by=served[HOUR]),
    ]
    return ContactResult(
        priors=_stacked(parts, PRIOR_COLUMNS),
        evaluation=_stacked(rows, EVALUATION_COLUMNS),
        notes=notes,
    )


def _stacked(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows of all parts; an empty one has no types that should count."""
    filled = [part for part in parts if len(part)]
    return (
        pd.concat(filled, ignore_index=True)[[*columns]]
        if filled
        else (pd.DataFrame(columns=[*columns]))
    )


def _channel_priors(channels: pd.DataFrame, sent: str, clicked: str) -> pd.DataFrame:
    """Rate and strength per channel; columns are summed over before and after where both exist."""
    rows = []
    for code, group in channels.sort_values(["channel", "customer_id"]).groupby("channel"):
        sends = _summed(group, sent)
        clicks = _summed(group, clicked)
        if sends.sum() == 0:
            continue
        rate = float(clicks.sum() / sends.sum())
        counts = np.column_stack([clicks, sends - clicks])
        strength = prior_strength(counts, np.array([rate, 1 - rate]))
        rows.append((CHANNEL, code, round(rate, 6), strength, int(sends.sum())))
    return pd.DataFrame(rows, columns=[*PRIOR_COLUMNS[:-1]])


def _hour_priors(hours: pd.DataFrame) -> pd.DataFrame:
    counts, _ = _by_hour(hours, ["acts_before", "acts_after"])
    total = counts.sum(axis=0)
    if total.sum() == 0:
        return pd.DataFrame(columns=[*PRIOR_COLUMNS[:-1]])
    share = total / total.sum()
    strength = prior_strength(counts, share)
    return pd.DataFrame(
        {
            "kind": HOUR,
            "code": [str(hour) for hour in range(HOURS)],
            "rate": _banded(share[None])[0].round(6),
            "strength": strength,
            "sign_count": total.astype(np.int64),
        }
    )


def _channel_contest(channels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Click rates later, per customer, on the own best channel and on the best of all.

    Only channels on which a campaign reached the customer later can be judged, so a customer with
    one of them judges nothing. Which campaign reaches whom does not depend on earlier clicks.
    """
    priors = _channel_priors(channels, "sent_before", "clicked_before")
    rows = channels[channels["sent_after"] > 0].merge(
        priors.rename(columns={"code": "channel"}), on="channel", validate="m:1"
    )
    rows = rows[rows.groupby("customer_id")["channel"].transform("size") > 1]
    if rows.empty:
        return np.zeros(0), np.zeros(0)
    rows["own"] = shrunk(
        rows["clicked_before"], rows["sent_before"], rows["rate"], rows["strength"]
    )
    rows["later"] = rows["clicked_after"] / rows["sent_after"]
    picks = [
        rows.sort_values(
            ["customer_id", *by, "channel"], ascending=[True, *[False] * len(by), True]
        )
        .groupby("customer_id")["later"]
        .first()
        .to_numpy()
        for by in (["own", "rate"], ["rate"])
    ]
    return picks[0], picks[1]


def _hour_contest(hours: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Share of later acts within an hour of the own best hour and of the best of all."""
    before, customers = _by_hour(hours, ["acts_before"])
    after, _ = _by_hour(hours, ["acts_after"])
    judges = after.sum(axis=1) > 0
    total = before.sum(axis=0)
    if total.sum() == 0 or not judges.any():
        return np.zeros(0), np.zeros(0)
    share = total / total.sum()
    strength = prior_strength(before, share)
    own = shrunk(_banded(before), before.sum(axis=1, keepdims=True), _banded(share[None]), strength)
    hits = _banded(after) / np.maximum(after.sum(axis=1, keepdims=True), 1)
    mine = hits[np.arange(len(customers)), own.round(9).argmax(axis=1)]
    theirs = hits[:, _banded(share[None])[0].round(9).argmax()]
    return mine[judges], theirs[judges]


def _judge(
    kind: str,
    metric: str,
    contest: tuple[np.ndarray, np.ndarray],
    as_of_date: date,
    seed: int,
    config: ContactConfig,
) -> tuple[pd.DataFrame, str, str]:
    ours, theirs = contest
    if len(ours) < config.min_customers:
        note = (
            f"{kind}: {len(ours)} customers can judge, {config.min_customers} are needed; what is "
            "best for all is served."
        )
        return pd.DataFrame(columns=[*EVALUATION_COLUMNS]), note, "baseline"
    share = gain_share(ours - theirs, seed=seed, rounds=config.rounds)
    wins = ours.mean() > theirs.mean() and share >= config.min_win_share
    served = "model" if wins else "baseline"
    counts = {f"{kind}_customer_count": float(len(ours))}
    rows = evaluation_rows(
        model=MODEL_NAME,
        as_of_date=as_of_date,
        model_metrics={
            metric: float(ours.mean()), f"{kind}_win_share": share, **counts,
        },
        baseline_metrics={
            metric: float(theirs.mean()), f"{kind}_win_share": 1.0 - share, **counts,
        },
        baseline_name=f"best_{kind}_of_all",
        served=served,
    )  # fmt: skip
    note = (
        f"{kind}: {ours.mean():.4f} by own preference against {theirs.mean():.4f} by what is best "
        f"for all, over {len(ours):,} customers, ahead in {share:.0%} of resamples: "
        f"{served} is served."
    )
    return rows, note, served


def _by_hour(hours: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, pd.Index]:
    """Acts per customer and hour, (K, 24), customers sorted."""
    acts = hours.assign(acts=hours[columns].sum(axis=1))
    table = acts.pivot_table(index="customer_id", columns="hour", values="acts", aggfunc="sum")
    table = table.reindex(columns=range(HOURS)).fillna(0.0).sort_index()
    return table.to_numpy(dtype=float), table.index


def _banded(by_hour: np.ndarray) -> np.ndarray:
    """Sums over each hour and BAND hours on either side, around midnight too; (K, 24)."""
    return sum(np.roll(by_hour, shift, axis=1) for shift in range(-BAND, BAND + 1))


def _summed(group: pd.DataFrame, name: str) -> np.ndarray:
    columns = [name] if name in group.columns else [f"{name}_before", f"{name}_after"]
    return group[columns].sum(axis=1).to_numpy(dtype=float)
