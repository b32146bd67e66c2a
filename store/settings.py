"""Every setting of the product, read from the environment in this one place.

Each field is the environment variable of the same name in capitals. README.md lists them (a test compares).
"""

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The product's settings; `Settings()` raises pydantic's ValidationError, naming the variable, for a bad value."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    # Where things are
    database_url: str = Field("", description="Postgres as `postgresql://…`; empty: an embedded one")
    redis_url: str = Field("", description="Redis as `redis://…` or `unix://…`; empty: an embedded one")
    var_dir: Path = Field(Path("var"), description="where this machine keeps its data")
    audio_store: Literal["local", "google"] = Field(
        "local", description="where recordings are kept: `local` is a folder, `google` a bucket of Google Cloud Storage"
    )
    audio_dir: Path | None = Field(
        None, description="where the local audio store keeps recordings; empty: `VAR_DIR/audio`"
    )
    audio_bucket: str = Field(
        "",
        pattern=r"^([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])?$",
        description="the bucket of `AUDIO_STORE=google`, which needs it",
    )
    audio_link_sec: int = Field(
        300,
        ge=0,
        le=604_800,
        description="seconds that the link holds which a player gets to a recording in a bucket; 0: no links, the API "
        "streams it",
    )

    # Addresses
    bind_host: str = Field("127.0.0.1", description="the address everything listens on")
    allowed_hosts: str = Field(
        "",
        description="names under which the API is served, with commas between them; empty: any, or only those of this "
        "machine while `BIND_HOST` is a loopback address",
    )
    dashboard_port: int = Field(8501, ge=1, le=65535, description="port of the dashboard and of the API under `/api`")
    api_port: int = Field(8502, ge=1, le=65535, description="port of `make run-api`")
    rq_dashboard_port: int = Field(9181, ge=1, le=65535, description="port of rq-dashboard")
    rq_dashboard_username: str = Field("", description="user name that rq-dashboard asks for; empty: it does not ask")
    rq_dashboard_password: str = Field("", description="password that rq-dashboard asks for")
    rq_dashboard_url: str = Field(
        "", description="where people reach rq-dashboard; empty: `http://BIND_HOST:RQ_DASHBOARD_PORT`"
    )

    # Work
    workers: int = Field(3, ge=1, le=64, description="worker processes that `make run` starts")
    stt_engine: str = Field(
        "whisper", description="engine for sessions that name none; without its weights `whisper` is `pocketsphinx`"
    )
    whisper_model: str = Field(
        "base",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="Whisper's weights: `base` comes with the packages; others, such as `small`, by `make model`",
    )
    whisper_model_dir: Path | None = Field(
        None, description="a folder with Whisper weights for CTranslate2, which come before all others"
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where Whisper computes; `auto`: on a graphics card where there is one"
    )
    engine_processes: int = Field(0, ge=0, le=256, description="recognising processes a session may use; 0: one a core")
    queue_name: str = Field("transcriptions", description="the one RQ queue")
    max_failures: int = Field(5, ge=1, le=50, description="tries before a session that keeps failing is given up")
    retry_base_sec: float = Field(
        10, gt=0, description="wait before the second try, in seconds; doubles with each further one"
    )
    retry_cap_sec: float = Field(600, gt=0, description="longest wait between two tries, in seconds")

    # Google Speech-to-Text
    google_project: str = Field(
        "", description="Google Cloud project that pays for recognition; empty: no engine `google`"
    )
    google_region: str = Field("eu", description="where Google recognises: `eu`, `us`, `global` or a region's name")
    google_model: str = Field("long", description="Google's recognition model, such as `long` or `chirp_2`")
    google_languages: str = Field(
        "en-US,de-DE,fr-FR,es-ES,it-IT,pt-BR",
        description="codes sent to Google: the first that belongs to the session's language, with commas between them",
    )
    google_speakers: int = Field(
        0, ge=0, le=10, description="speakers that Google tells apart, at most; 0: it does not"
    )
    google_batch: Literal["soon", "dynamic"] = Field("soon", description="`dynamic` is cheaper, and may take a day")
    google_longest_minutes: float = Field(
        480, gt=0, description="longest audio in one operation; longer recordings are cut at silences"
    )
    google_timeout_sec: float = Field(10, gt=0, description="how long one call to Google may take, in seconds")
    google_speech_endpoint: str = Field(
        "", description="another address of the Speech API; `http://host:port` speaks without TLS; empty: Google's own"
    )
    poll_sec: float = Field(
        5, gt=0, description="shortest time between two looks at a provider's operation, in seconds"
    )
    poll_cap_sec: float = Field(60, gt=0, description="longest time between two looks while all is well, in seconds")
    unknown_submission_sec: float = Field(
        120, gt=0, description="seconds after which a submission of unknown outcome that cannot be found is sent again"
    )

    # Clocks
    heartbeat_sec: float = Field(5, gt=0, description="seconds between heartbeats of a running session")
    lease_sec: float = Field(30, gt=0, description="seconds without a heartbeat after which a session is taken over")
    reconcile_sec: float = Field(5, gt=0, description="seconds between two rounds of a reconciler")
    refresh_sec: float = Field(5, gt=0, description="seconds between two refreshes of a page")
    overdue_factor: float = Field(2, ge=1, description="a session is overdue at this many times its expected duration")

    deadline_factor: float = Field(
        10, ge=1, description="an attempt is taken from its worker after ten minutes and this many times the recording"
    )

    # Limits
    max_upload_mb: int = Field(2048, ge=1, description="largest file accepted, in MiB")
    max_audio_hours: float = Field(8, gt=0, description="longest recording accepted, in hours of decoded audio")
    max_files_per_upload: int = Field(20, ge=1, description="files that one upload on the page may hold")
    media_memory_mb: int = Field(2048, ge=64, description="memory that probing or decoding one file may use, in MiB")
    upload_keep_hours: float = Field(24, gt=0, description="hours until an upload that was never started is swept")

    # How long things are kept, from the end of a session on
    retention_days: float = Field(
        0, ge=0, description="days until finished sessions and their audio are deleted; 0: never"
    )
    audio_retention_days: float = Field(0, ge=0, description="days until their recordings are deleted; 0: never")
    transcript_retention_days: float = Field(0, ge=0, description="days until their words are deleted; 0: never")
    history_retention_days: float = Field(
        0, ge=0, description="days until the lines of their history but the last are deleted; 0: never"
    )

    # People
    owner: str = Field(
        "coach", pattern=r"^[a-z0-9_-]{1,64}$", description="whose sessions they are while there is no sign-in"
    )
    public_url: str = Field(
        "", description="where people reach the dashboard, such as `https://desk.example.org`; sign-in needs it"
    )
    oidc_issuer: str = Field(
        "",
        description="OpenID Connect provider: its address, or that of its metadata; empty: no sign-in, loopback only",
    )
    oidc_client_id: str = Field("", description="what the provider knows this desk as")
    oidc_client_secret: str = Field("", description="the secret that goes with it")
    oidc_cookie_secret: str = Field(
        "", description="signs the cookies of sign-in; at least 32 random characters, the same in every process"
    )
    oidc_allowed_domains: str = Field(
        "", description="domains of the e-mail addresses that may sign in, with commas between them; `*`: any"
    )
    oidc_trust_email: bool = Field(
        False, description="whether addresses count that the provider does not call verified, as Entra with one tenant"
    )
    ops_emails: str = Field(
        "", description="who is ops at every sign-in, with commas between them; empty: the first who signs in"
    )
    rate_limit_per_minute: int = Field(
        600, ge=1, description="calls of the API that a person, or an address without one, may make in a minute"
    )
    uploads_per_minute: int = Field(60, ge=1, description="recordings that a person may send in a minute")
    session_hours: float = Field(12, gt=0, description="hours after which people have to sign in again")
    status_cache_sec: float = Field(
        0.9,
        ge=0,
        le=1,
        description="seconds for which the API may give the same answer on a session; 0: none",
    )

    # Logs
    slow_query_ms: float = Field(
        500, ge=0, description="milliseconds from which on a query of the database is logged; 0: none is"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")

    @model_validator(mode="after")
    def _bucket_is_named(self) -> Self:
        if self.audio_store == "google" and not self.audio_bucket:
            raise ValueError("AUDIO_STORE is google, so AUDIO_BUCKET has to name the bucket.")
        return self

    @property
    def audio_folder(self) -> Path:
        return self.audio_dir or self.var_dir / "audio"

    @property
    def scratch_folder(self) -> Path:
        """Where workers put decoded audio while they need it; emptied by the reconciler, safe to delete."""
        return self.var_dir / "scratch"

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024

    @property
    def max_audio_sec(self) -> float:
        return self.max_audio_hours * 3600

    @property
    def sign_in(self) -> bool:
        """Whether people sign in; else there is one local person."""
        return bool(self.oidc_issuer)

    @property
    def oidc_metadata_url(self) -> str:
        """Where the provider says what it is; Streamlit calls it `server_metadata_url`."""
        well_known = "/.well-known/openid-configuration"
        return self.oidc_issuer if well_known in self.oidc_issuer else self.oidc_issuer.rstrip("/") + well_known

    @property
    def oidc_redirect_uri(self) -> str:
        """Where the provider sends people back to; it has to be registered there."""
        return f"{self.public_url.rstrip('/')}/oauth2callback"

    @property
    def rq_dashboard_link(self) -> str:
        return self.rq_dashboard_url or f"http://{self.bind_host}:{self.rq_dashboard_port}"


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
