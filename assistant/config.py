"""config.toml and the environment -> one frozen value. Unknown keys are errors; secrets never stand in the file."""
from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from assistant import misuse
from assistant.errors import ConfigError, why


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Table):
    """Folders, relative to the file that names them."""

    corpus: Path = Path("corpus")
    data: Path = Path("data")


class Encoder(_Table):
    """`built-in`, or any sentence-transformers hub name or local path."""

    model: str = Field("built-in", min_length=1)


class CallSettings(_Table):
    """`idle_minutes`: after this long a silence, the next line opens a new call."""

    idle_minutes: int = Field(30, ge=1, le=24 * 60)


class Privacy(_Table):
    """`keep_days`: turns older than this are forgotten at every start and, by a running bot, every night; 0 keeps everything."""

    keep_days: int = Field(0, ge=0)


class Telegram(_Table):
    """The bot. Its token is COACH_TELEGRAM_TOKEN and the webhook's secret COACH_TELEGRAM_SECRET, in the environment only.

    `per_second` is Telegram's limit on messages of one bot over all chats; 0 sends as fast as it can.
    """

    base_url: str = Field("https://api.telegram.org", pattern=r"^https?://")
    proxy: str = Field("", pattern=r"^((https?|socks5h?)://.+)?$")
    per_second: float = Field(30, ge=0)
    timeout: float = Field(10, gt=0)
    webhook_url: str = Field("", pattern=r"^(https?://.+)?$")
    webhook_listen: str = "127.0.0.1"
    webhook_port: int = Field(8443, ge=1, le=65535)
    invite_hours: int = Field(72, ge=1)


class Config(BaseSettings):
    """Everything that can be set. COACH_<TABLE>__<KEY> in the environment wins over the file."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="COACH_", env_nested_delimiter="__")

    paths: Paths = Paths()
    encoder: Encoder = Encoder()
    call: CallSettings = CallSettings()
    privacy: Privacy = Privacy()
    telegram: Telegram = Telegram()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls, init_settings, env_settings: PydanticBaseSettingsSource, dotenv_settings, file_secret_settings
    ):
        return env_settings, init_settings

    @property
    def database(self) -> Path:
        return self.paths.data / "coach.db"

    @property
    def index(self) -> Path:
        return self.paths.data / "index"


_SHAPES = {"telegram.base_url": "要以 http:// 或 https:// 开头", "telegram.webhook_url": "要以 https:// 开头，不用就空着",
           "telegram.proxy": "要写成 http://地址:端口 或 socks5://地址:端口，不用就空着"}
_SECRETS = {"token": "COACH_TELEGRAM_TOKEN", "secret": "COACH_TELEGRAM_SECRET", "webhook_secret": "COACH_TELEGRAM_SECRET"}


def secret(name: str) -> str:
    """A secret ("token", "secret") from the environment, or an empty text; it is read here and nowhere else."""
    return os.environ.get(_SECRETS[name], "").strip()


def _known() -> dict[str, set[str]]:
    return {name: set(field.annotation.model_fields) for name, field in Config.model_fields.items()}


def _suggest(name: str, names: set[str]) -> str:
    return misuse.nearest(name, names) or f"，可用的有：{'、'.join(sorted(names))}"


def _refuse_unknown(values: dict, path: Path) -> None:
    known = _known()
    for table, content in values.items():
        if table not in known:
            raise ConfigError(f"{path} 里的 [{table}] 不认识{_suggest(table, set(known))}。请改好再启动。")
        if not isinstance(content, dict):
            raise ConfigError(f"{path} 里的 {table} 应该是一个 [{table}] 小节。请改好再启动。")
        for key in content:
            if table == "telegram" and key in _SECRETS:
                raise ConfigError(f"{path} 里不能写 {key}：请从文件里删掉，改用环境变量 {_SECRETS[key]}。")
            if key not in known[table]:
                raise ConfigError(f"{path} 里 [{table}] 的 {key} 不认识{_suggest(key, known[table])}。请改好再启动。")


def load(path: Path) -> Config:
    """Reads the file (absent: all defaults, relative to its folder). Raises ConfigError with one sentence."""
    values: dict = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} 没写完整或写错了（{error}）。请对照 README 改好再启动。") from error
        except OSError as error:
            raise ConfigError(f"读不到 {path}（{why(error)}）。请检查文件权限。") from error
        _refuse_unknown(values, path)
    try:
        config = Config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        wrong = _SHAPES.get(place) if first["type"] == "string_pattern_mismatch" else None
        raise ConfigError(f"{path} 或环境变量里的 {place} 不能用：{wrong or misuse.reason(first)}。请改好再启动。") from error
    base = path.parent.resolve()
    return config.model_copy(update={"paths": Paths(corpus=base / config.paths.corpus, data=base / config.paths.data)})
