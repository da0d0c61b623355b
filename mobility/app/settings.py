"""Settings: environment ``MOBILITY_*`` over ``mobility.toml`` over defaults, read once."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from mobility.app.vehicle_settings import (
    ItsSettings,
    MqttOutSettings,
    MqttSettings,
    RetentionSettings,
    SupervisionSettings,
    VehicleTls,
)
from mobility.core.errors import BadInputError

Role = Literal["driver", "dispatcher", "supervisor", "approver", "researcher"]


class Settings(BaseSettings):
    """Everything an operator may decide. A fresh checkout runs with none of it set."""

    model_config = SettingsConfigDict(
        env_prefix="MOBILITY_", env_nested_delimiter="__", frozen=True, toml_file="mobility.toml", extra="forbid"
    )

    data_dir: Path = Path("var")
    """Where ledger, vault and segments are kept."""
    region: str = "ilmenau"
    """Name of a shipped bundle, or the path of a bundle directory."""
    host: str = "127.0.0.1"
    """Address of the three listeners; staff pages stay on loopback unless this says otherwise."""
    port: int = Field(default=8000, ge=1, le=65533)
    """HTTP; push is ``port + 1``, the vehicle gateway ``port + 2``."""
    role_tokens: dict[str, Role] = {}
    """Token to role for staff pages. Without any, staff pages answer on loopback only."""
    vehicle_tokens: dict[str, str] = {}
    """Token to vehicle id; only while no vehicle has a certificate, and on loopback."""
    vehicle_tls: VehicleTls | None = None
    """Without it the authority in ``data_dir/authority`` serves, once ``mobility vehicle enrol`` has made it."""
    vehicle_hosts: list[str] = []
    """Names and addresses by which vehicles reach the gateway, for the certificate made for it."""
    its: ItsSettings = ItsSettings()
    mqtt: MqttSettings | None = None
    mqtt_out: MqttOutSettings | None = None
    site: str = Field(default="", pattern=r"^(https?://[^/\s]+)?$")
    """Address of this server for the public, e.g. ``https://bus.example.org``; links in feeds lead there."""
    films: dict[str, str] = {}
    """Addresses of films in sign language by what they say, see ``passenger_info.board_videos``."""
    supervision: SupervisionSettings = SupervisionSettings()
    retention: RetentionSettings = RetentionSettings()
    signing_secret: str = ""
    """Signs the links riders get; made once and kept in ``data_dir`` where empty."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(config: Path | None = None) -> Settings:
    """Read settings; ``config`` replaces ``mobility.toml`` in the working directory.

    Raises ``BadInputError`` naming the file and the first field that is wrong.
    """
    file = config or Path("mobility.toml")

    class _FromFile(Settings):
        model_config = SettingsConfigDict(**{**Settings.model_config, "toml_file": file})

    try:
        return _FromFile()
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInputError(first["msg"], source=f"{file.name} or the environment", field=field) from error
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"is no TOML: {error}", source=file.name) from error
    except SettingsError as error:
        raise BadInputError(str(error), source="the environment") from error
