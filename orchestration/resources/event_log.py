"""Dagster's event log in SQLite, with connections that are kept.

Belongs here: how the log's files are opened. Does not belong here: what is logged.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from dagster import _check as check
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

# The log has one file per run and one index; a process works on few runs at a time.
MAX_OPEN_FILES = 8


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """The default event log, except that a file stays open between two events.

    The default opens the file anew for each of the thousand events of a run: SQLite then folds its
    write-ahead log back each time, and every statement is compiled again. On a small company that
    was 14 of 53 s.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._found_tables: set[str] = set()
        # below DAGSTER_HOME unless absolute, so that a company's folder can be moved
        super().__init__(str(Path(os.environ["DAGSTER_HOME"]) / base_dir), inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: dict[str, str]
    ) -> KeptSqliteEventLogStorage:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        check.str_param(shard, "shard")
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard in self._engines:
            self._engines.move_to_end(shard)
            return self._engines[shard]
        if len(self._engines) >= MAX_OPEN_FILES:
            self._engines.popitem(last=False)[1].dispose()
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard),
            pool_size=1,
            # threads take turns under the lock
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _wait_for_no_disk)
        self._engines[shard] = engine
        return engine

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that is there stays.

        The default opens the file anew to ask, twice for every outcome of a check.
        """
        if table_name not in self._found_tables and super().has_table(table_name):
            self._found_tables.add(table_name)
        return table_name in self._found_tables

    def dispose(self) -> None:
        """Close every file."""
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()


def _wait_for_no_disk(connection, _record) -> None:
    """Hand events to the system without waiting for the disk.

    The log is a write-ahead one, so it stays consistent; a power cut may cost the last events of a
    run that is lost anyway. Waiting cost 20 s of a run of 110 s.
    """
    connection.execute("pragma synchronous = normal")
