"""Every path and knob of the warehouse, read from the environment in one place.

Belongs here: names, defaults, units and validation of settings, and the paths under STRATA_HOME.
Does not belong here: anything that opens a file, a database or a socket.
"""

from __future__ import annotations

import os
import secrets
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
SEEDS_DIR = PROJECT_ROOT / "seeds"
STAGING_DIR = DBT_PROJECT_DIR / "models" / "staging"
# read by dbt_project/profiles.yml, which has defaults for them
DBT_PROFILE_VARIABLES = (
    "STRATA_BUILD_FILE",
    "STRATA_TEMP_DIR",
    "STRATA_MEMORY_LIMIT",
    "STRATA_THREADS",
    "STRATA_DBT_THREADS",
)
ENV_PREFIX = "STRATA_"


class Settings(BaseSettings):
    """Settings of one company's warehouse; each is the environment variable STRATA_<NAME>.

    A `.env` file in the working directory is read too; the environment wins over it.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        # a line of an example file that nobody filled in is no value: no key is no empty key
        env_ignore_empty=True,
        extra="ignore",
    )

    home: Path = Field(
        default=Path("data"),
        description="Folder of this company: landing files, warehouse, published file, models.",
    )
    timezone: str = Field(
        default="Asia/Shanghai",
        description="Business time zone (IANA name); days and months are cut in it.",
    )
    currency: str = Field(
        default="CNY", pattern=r"^[A-Z]{3}$", description="The one business currency (ISO 4217)."
    )
    phone_region: Literal[
        "CN", "HK", "MO", "TW", "JP", "KR", "SG", "AU", "GB", "DE", "FR", "US", "CA"
    ] = Field(
        default="CN", description="Region whose phone numbers are written without country code."
    )
    date_order: Literal["ymd", "dmy", "mdy"] = Field(
        default="ymd",
        description="How to read 05/01/1990: not (ymd), day first (dmy) or month first (mdy).",
    )
    decimal_mark: Literal[".", ","] = Field(
        default=".", description="Decimal mark in amounts; with a comma 1.234,56 is readable."
    )
    impute: bool = Field(
        default=True,
        description="Whether missing gender, birth date, place and category are filled, flagged.",
    )
    churn_horizon_days: int = Field(
        default=90, ge=7, le=730, description="A customer without an order for this many days left."
    )
    campaign_window_days: int = Field(
        default=28,
        ge=1,
        le=365,
        description="Days after the assignment in which a campaign is judged that has no window.",
    )
    as_of: date | None = Field(
        default=None,
        description="Business date to compute everything as of; default: that of the newest fact.",
    )
    memory_limit: str | None = Field(
        default=None,
        pattern=r"^\d+(\.\d+)?\s*([KMGT]i?B)$",
        description="Most memory DuckDB may take, in dbt and in Python steps, for example 4GB; "
        "default: 60 % of the machine.",
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 2, ge=1, description="Threads of DuckDB."
    )
    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb", description="Engine that runs the models."
    )
    spark_master: str = Field(
        default="local[*]", description="Spark master that runs them when the engine is spark."
    )
    hash_key: SecretStr | None = Field(
        default=None,
        description="Secret of the keyed hashes; default: a random one kept in STRATA_HOME.",
    )
    matching: bool = Field(
        default=True,
        description="Whether records that share no identifier are matched by what they look like.",
    )
    truth_file: Path | None = Field(
        default=None,
        description="Who is who in truth, or judged pairs; each run then grades identity by it.",
    )
    publish_roles: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]*(\s*,\s*[a-z][a-z0-9_]*)*)?$",
        description="Roles of dbt_project/roles.yml whose files each run writes too, with commas.",
    )
    seed: int = Field(default=360, ge=0, description="Seed of every random choice.")
    schedule_cron: str = Field(
        default="30 2 * * *", description="When the daily job runs, in the business time zone."
    )
    dashboard_password: SecretStr | None = Field(
        default=None,
        min_length=12,
        description="Password that the web page asks for, 12 characters or more; default: none.",
    )
    superset_url: str = Field(
        default="http://127.0.0.1:8088", description="Superset that `strata superset` sets up."
    )
    superset_user: str = Field(
        default="admin", description="Somebody there who may create databases."
    )
    superset_password: SecretStr | None = Field(
        default=None, description="Their password; taken from the environment only."
    )
    landing_stable_seconds: int = Field(
        default=10,
        ge=0,
        description="The sensor waits until a landing file was left alone for this many seconds.",
    )
    landing_interval_seconds: int = Field(
        default=15, ge=5, description="How often the sensor looks at the landing folder."
    )
    landing_runs: Literal["micro_batch", "daily"] = Field(
        default="micro_batch",
        description="What new landing files start: a micro-batch between daily runs, or a daily "
        "run each time.",
    )
    alert_webhook: SecretStr | None = Field(
        default=None, description="Web address that failed runs are posted to."
    )
    alert_webhook_format: Literal["json", "slack", "wecom", "dingtalk", "feishu"] = Field(
        default="json", description="What the receiver of the webhook understands."
    )
    alert_email: str | None = Field(
        default=None, description="Addresses that failed runs are mailed to, with commas between."
    )
    smtp_host: str = Field(default="localhost", description="Mail server for alerts.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection to the mail server is encrypted."
    )
    smtp_user: str | None = Field(default=None, description="Account at the mail server, if any.")
    smtp_password: SecretStr | None = Field(default=None, description="Its password.")
    smtp_from: str = Field(default="strata360@localhost", description="Sender of alerts.")
    freshness_hours: float = Field(
        default=26, gt=0, description="A published table that was not built for so long is stale."
    )
    skip_unchanged: bool = Field(
        default=True,
        description="Leave seeds, and staging of feeds without a new row, as they are in a run "
        "that goes on from a complete one; false looks at everything in every run.",
    )
    history_days: int = Field(
        default=90,
        ge=1,
        description="How long runs, their logs and model versions no longer served are kept.",
    )
    automation: bool = Field(
        default=False,
        description="Whether schedule and sensors are on without being switched on in the UI.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no IANA time zone; write for example Asia/Shanghai")
        return name

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @property
    def goes_on(self) -> bool:
        """Whether a run leaves out what nothing new arrived for; Spark builds every table whole."""
        return self.skip_unchanged and self.engine == "duckdb"

    @property
    def wants_alerts(self) -> bool:
        """Whether anybody wants to hear of failed runs."""
        return bool(self.alert_webhook or self.alert_email)

    @property
    def published_role_names(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.publish_roles.split(",") if name.strip())

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def landing_dir(self) -> Path:
        return self.home / "landing"

    @property
    def warehouse_dir(self) -> Path:
        return self.home / "warehouse"

    @property
    def build_file(self) -> Path:
        return self.warehouse_dir / "build.duckdb"

    @property
    def temp_dir(self) -> Path:
        return self.warehouse_dir / "tmp"

    @property
    def published_file(self) -> Path:
        return self.home / "published" / "strata360.duckdb"

    @property
    def exports_dir(self) -> Path:
        return self.home / "exports"

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def docs_dir(self) -> Path:
        return self.home / "docs"

    @property
    def privacy_dir(self) -> Path:
        return self.home / "privacy"

    @property
    def receipts_dir(self) -> Path:
        return self.home / "receipts"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def run_output_file(self) -> Path:
        return self.warehouse_dir / "last_run.log"

    @property
    def run_lock_file(self) -> Path:
        return self.warehouse_dir / "run.lock"

    @property
    def dbt_target_dir(self) -> Path:
        return self.warehouse_dir / "dbt"

    @property
    def spark_dir(self) -> Path:
        """Where Spark keeps its tables; every machine of a cluster has to see it."""
        return self.warehouse_dir / "spark"

    @property
    def memory_limit_or_default(self) -> str:
        """The memory limit as DuckDB writes it; 60 % of the machine unless set."""
        if self.memory_limit:
            return self.memory_limit
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return f"{int(total * 0.6 / 2**20)}MiB"

    @cached_property
    def hash_key_bytes(self) -> bytes:
        """The secret of the keyed hashes.

        Without STRATA_HASH_KEY a random key is made once and kept, readable by its owner only,
        beside the data it protects: hashes then stay the same from run to run.
        """
        if self.hash_key is not None:
            return self.hash_key.get_secret_value().encode()
        path = self.home / ".hash_key"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()

    @property
    def known_hash_key(self) -> bytes | None:
        """The secret where there is one, for whoever only reads: a new one would fit no hash."""
        is_there = self.hash_key is not None or (self.home / ".hash_key").exists()
        return self.hash_key_bytes if is_there else None

    def make_dirs(self) -> None:
        """Create the company's folders: closed to others, where names are to the group too.

        A folder that is there already keeps the rights that somebody gave it; `strata doctor` says
        when they are too wide.
        """
        for folder in (
            self.home,
            self.landing_dir,
            self.published_file.parent,
            self.exports_dir,
            self.models_dir,
            self.dagster_home,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        for folder in (
            self.warehouse_dir,
            self.temp_dir,
            self.dbt_target_dir,
            self.privacy_dir,
            self.receipts_dir,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def compiled_into_models(self) -> dict[str, str]:
        """The settings that end up in the text of models; another value makes other tables."""
        return {
            "STRATA_ENGINE": self.engine,
            "STRATA_TIMEZONE": self.timezone,
            "STRATA_PHONE_REGION": self.phone_region,
            "STRATA_DATE_ORDER": self.date_order,
            "STRATA_CURRENCY": self.currency,
            "STRATA_DECIMAL_MARK": self.decimal_mark,
            "STRATA_IMPUTE": str(self.impute).lower(),
            "STRATA_CAMPAIGN_WINDOW_DAYS": str(self.campaign_window_days),
        }

    def dbt_environment(self) -> dict[str, str]:
        """The environment that dbt's profile and macros read."""
        profile = (
            str(self.build_file),
            str(self.temp_dir),
            self.memory_limit_or_default,
            str(self.threads),
            str(min(self.threads, 4)),
        )
        return {
            **dict(zip(DBT_PROFILE_VARIABLES, profile, strict=True)),
            **self.dbt_parse_environment(),
        }

    def dbt_parse_environment(self) -> dict[str, str]:
        """As much of it as dbt needs to parse the project.

        dbt parses everything anew when a variable of its profile is another one (14 s of processor
        time against 4 s), and the path of the build file is one: without them, the parsed project
        of one company serves all.
        """
        return {**self.compiled_into_models, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
