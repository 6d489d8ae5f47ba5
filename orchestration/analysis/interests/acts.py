"""Signs of interest as a sparse matrix of customers by categories.

Belongs here: checking the input and putting it into a fixed order. Does not belong here: counting
signs (SQL), any modelling.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.analysis.sampling import key_hashes

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ACT_COLUMNS = (
    "customer_id",
    "category",
    "act_count",
    "choosing_act_count",
    "grading_act_count",
)
CATEGORY_COLUMNS = (
    "category",
    "department",
    "label_zh",
    "label_en",
    "department_label_zh",
    "department_label_en",
)


@dataclass(frozen=True)
class Acts:
    """Signs per customer and category, sorted by both.

    Attributes:
        customers: customer_id of every row; also of customers without any sign.
        categories: CATEGORY_COLUMNS of every matrix column, sorted by category.
        counts: Signs up to the as-of date, (customers, categories).
        choosing: Those of them in the window that chooses between candidates.
        grading: Those of them in the window that grades, which ends with the as-of date.
    """

    customers: pa.Array
    categories: pd.DataFrame
    counts: csr_matrix
    choosing: csr_matrix
    grading: csr_matrix

    @cached_property
    def hashes(self) -> np.ndarray:
        """A number per customer that depends on the id alone."""
        return key_hashes(self.customers.to_numpy(zero_copy_only=False))

    @cached_property
    def departments(self) -> pd.DataFrame:
        """department, label_zh, label_en; one row per department, sorted."""
        columns = ["department", "department_label_zh", "department_label_en"]
        return (
            self.categories[columns]
            .drop_duplicates("department")
            .sort_values("department", ignore_index=True)
            .set_axis(["department", "label_zh", "label_en"], axis=1)
        )

    @cached_property
    def membership(self) -> np.ndarray:
        """1 where the category (column) belongs to the department (row), else 0."""
        names = self.departments["department"].to_numpy()[:, None]
        return (names == self.categories["department"].to_numpy()[None, :]).astype(float)


def read_acts(
    acts: pa.Table | pd.DataFrame, categories: pd.DataFrame, customers: pa.Array | pd.Series | None
) -> Acts:
    """Put signs of interest into a matrix.

    Args:
        acts: ACT_COLUMNS, one row per customer and category; act_count holds the other two.
        categories: CATEGORY_COLUMNS, one row per category; all that acts name.
        customers: Every customer; those of acts are added. None takes only those.

    Returns:
        The matrix, whatever the order of rows was.

    Raises:
        ValueError: A column is missing, a category is not described, or a pair repeats.
    """
    from scipy.sparse import csr_matrix

    table = acts if isinstance(acts, pa.Table) else pa.Table.from_pandas(acts, preserve_index=False)
    for name, columns, found in (
        ("acts", ACT_COLUMNS, table.column_names),
        ("categories", CATEGORY_COLUMNS, list(categories.columns)),
    ):
        missing = [column for column in columns if column not in found]
        if missing:
            raise ValueError(f"{name} lacks {missing}; has {found}")
    described = categories[[*CATEGORY_COLUMNS]].sort_values("category", ignore_index=True)
    if described["category"].duplicated().any():
        raise ValueError("categories repeat; pass one row per category")

    owners = table["customer_id"].cast(pa.string()).combine_chunks()
    others = pa.array(customers if customers is not None else [], type=pa.string())
    everybody = pc.unique(pa.chunked_array([owners, others]))
    everybody = everybody.take(pc.sort_indices(everybody))
    rows = pc.index_in(owners, value_set=everybody).to_numpy(zero_copy_only=False)
    columns = pc.index_in(
        table["category"].cast(pa.string()).combine_chunks(),
        value_set=pa.array(described["category"], type=pa.string()),
    )
    if columns.null_count:
        unknown = table["category"].filter(pc.is_null(columns))[0].as_py()
        raise ValueError(f"acts name the category {unknown!r}, which categories does not describe")
    columns = columns.to_numpy(zero_copy_only=False)
    shape = (len(everybody), len(described))

    def matrix(name: str) -> csr_matrix:
        values = table[name].cast(pa.float64()).to_numpy()
        some = values > 0
        return csr_matrix((values[some], (rows[some], columns[some])), shape=shape)

    pairs = rows.astype(np.int64) * max(len(described), 1) + columns
    if len(np.unique(pairs)) != len(pairs):
        raise ValueError("customer_id and category repeat; pass one row per pair")
    return Acts(everybody, described, *(matrix(name) for name in ACT_COLUMNS[2:]))
