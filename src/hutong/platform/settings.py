"""Settings: typed, from `HUTONG_*` environment variables, with defaults that run on a laptop."""

import os
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """A folder the database server's user can reach: root's home is closed to others, so root uses /var/lib."""
    if os.geteuid() == 0:
        return Path("/var/lib/hutong")
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share")) / "hutong"


class Settings(BaseSettings):
    """Everything an operator may set. Each field is `HUTONG_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="HUTONG_", validate_assignment=True)

    database_url: str | None = Field(None, description="PostgreSQL ≥ 18; empty: embedded server in data_dir")
    replica_url: str | None = Field(None, description="read replica for reports and batch reads")
    data_dir: Path = Field(default_factory=default_data_dir, description="embedded database, uploads, keys")
    pool_size: int = Field(10, description="database connections per process")
    business_timezone: str = Field("Asia/Shanghai", description="zone of business days and bill cycles")
    default_locale: str = Field("zh-CN", description="zh-CN or en, where the user states none")
    currency: str = Field("CNY", description="ISO 4217 code of all amounts")
    public_url: str = Field("http://127.0.0.1:8000", description="base of href and callbacks")
    host: str = "127.0.0.1"
    port: int = 8000
    http_workers: int = Field(1, description="server processes")
    log_level: str = "INFO"
    access_log_days: int = Field(1095, ge=180, description="days the log of reads of sensitive data is kept")
    log_days: int = Field(30, description="days that logs are kept in data_dir/logs")
    log_megabytes: int = Field(1024, description="most that kept logs may fill; the oldest go first")
    secret_key: SecretStr | None = Field(None, description="signs cookies; empty: made once in data_dir")
    cookie_secure: bool = Field(False, description="true behind TLS")
    webhook_allow_private: bool = Field(False, description="webhooks may call private addresses")
    network_url: str = Field("http://127.0.0.1:8090/network", description="network peer center")
    payment_url: str = Field("http://127.0.0.1:8090/payment", description="payment peer center")
    sms_url: str = Field("http://127.0.0.1:8090/sms", description="SMS peer center")

    @cached_property
    def zone(self) -> ZoneInfo:
        """Zone of business days and bill cycles."""
        return ZoneInfo(self.business_timezone)


settings = Settings()
