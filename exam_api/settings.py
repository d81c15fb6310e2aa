"""Every setting of the server, read from ``BAQYLAU_*``; ``baqylau config`` prints them."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from capture.ice import IceSettings
from exam_api.domain.act_course import ActPolicy
from exam_api.domain.bank_tests import BankPolicy
from exam_api.domain.policy import DeadlinePolicy, RateLimits

_RATES = RateLimits()
SITTINGS_A_PROCESS: Final = 16  # docs/capacity.md: three quarters of what was measured
ACT_NUMBER_FIELDS = ("year", "seq")


def _number_format(value: str) -> str:
    """Year and sequence must appear: without them numbers would repeat within a form."""
    try:
        value.format(year=2026, seq=1, form=1)
    except (KeyError, IndexError, ValueError) as wrong:
        raise ValueError("may use only {year}, {seq} and {form}") from wrong
    if missing := [name for name in ACT_NUMBER_FIELDS if not re.search(rf"{{{name}\b", value)]:
        raise ValueError(f"must contain {{{missing[0]}}}")
    return value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError("is no time zone") from unknown
    return value


class Settings(BaseSettings):
    """Read once at start and passed down; nothing reads the environment later."""

    model_config = SettingsConfigDict(env_prefix="BAQYLAU_", frozen=True)

    data_dir: Path = Field(
        default=Path("var"),
        title="Data folder",
        description="Holds the database, recordings, evidence, acts and the seal key.",
    )
    database_url: str = Field(
        default="",
        title="Database",
        description="SQLAlchemy address, e.g. postgresql+psycopg://user@host/name. "
        "Empty: SQLite, app.db in the data folder.",
    )
    host: str = Field(
        default="127.0.0.1",
        title="Listen address",
        description="Interface the server listens on. Cameras need HTTPS beyond this machine.",
    )
    port: int = Field(
        default=8000, ge=0, le=65535, title="Port", description="TCP port; 0 picks a free one."
    )
    public_url: str = Field(
        default="",
        title="Public address",
        description="Address printed in acts, their QR codes and form 4, without a slash at the "
        "end. Empty: made from the listen address and the port.",
    )
    secure_cookies: bool = Field(
        default=False,
        title="Cookies over HTTPS only",
        description="Turn on wherever the server is reached over HTTPS.",
    )
    models_dir: Path | None = Field(
        default=None,
        title="Extra models folder",
        description="A folder with more vision models, such as the object detector for phones.",
    )
    fetch_models: bool = Field(
        default=True,
        title="Fetch models",
        description="Whether the first start fetches the object model (3.7 MB) where no better "
        "one is here. Turn off where there is no network.",
    )
    seal_pkcs12: Path | None = Field(
        default=None,
        title="Seal",
        description="PKCS#12 file with the institution's RSA key and certificate, to seal acts. "
        "Unset: a self-made key in the data folder, which nobody outside vouches for.",
    )
    seal_password: SecretStr = Field(
        default=SecretStr(""),
        title="Seal password",
        description="Opens the seal's PKCS#12 file.",
    )
    seal_timestamp_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        title="Timestamp server",
        description="RFC 3161 server whose timestamps prove when acts were sealed (PAdES B-T). "
        "Empty: none. Where it does not answer, an act is sealed without one.",
    )
    signers_ca: Path | None = Field(
        default=None,
        title="Signers' authorities",
        description="Certificates of the authorities (national ones, say) whose people's "
        "signatures on acts count as verified: a PEM or DER file, or a folder of .pem, .crt and "
        ".cer files. Unset: signatures are attached, but not verified.",
    )
    bucket_url: str = Field(
        default="",
        title="Bucket",
        description="Where evidence, acts and closed segments are kept, e.g. s3://name/folder; "
        "keys and endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT and "
        "AWS_REGION. Empty: the data folder.",
    )
    disk_warn_gb: float = Field(
        default=10.0,
        ge=0,
        title="Free disk, GB",
        description="With less than this on the data folder's disk the consoles warn. An hour of "
        "one student takes 0.12 GB; recording stops at 32 MB, so that answers are saved to the "
        "last.",
    )
    photos_kept_d: int = Field(
        default=180,
        ge=1,
        title="Identity photos kept, days",
        description="How long after a sitting's last one was taken; then they are erased, and a "
        "certificate is made.",
    )
    exports_kept_d: int = Field(
        default=7,
        ge=1,
        title="MP4 exports kept, days",
        description="How long a recording that was exported as MP4 may be fetched; then the file "
        "is removed, and may be made again. Needs the ffmpeg program.",
    )
    joined_kept_h: float = Field(
        default=24.0,
        gt=0,
        title="Joined recordings kept, h",
        description="How long the copy stays that is put together when somebody watches a whole "
        "recording, from when it was last asked for. Its segments stay, and it is made again.",
    )
    local_copies_h: float | None = Field(
        default=None,
        ge=0,
        title="Local copies, h",
        description="How long segments stay on the local disk once a sitting's recording is whole "
        "in the bucket. Unset: for good.",
    )
    recording_key: Path | None = Field(
        default=None,
        title="Recordings' key",
        description="PEM file with the Ed25519 key that signs finished recordings. "
        "Unset: a key made on first start, recording.pem in the data folder; its public half is "
        "recording.pub beside it.",
    )
    act_number_format: Annotated[str, AfterValidator(_number_format)] = Field(
        default="{year}-{seq:04d}",
        title="Act number",
        description="How an act's number is written; {year}, {seq} and, if wanted, {form} are "
        "filled in. Each form is numbered by itself, from 1 in each year.",
    )
    list_hand_in_days: int = Field(
        default=3,
        ge=1,
        title="Handing a check list in, days",
        description="S-17: how soon a proctor answers and hands in a check list (form 4).",
    )
    list_sign_days: int = Field(
        default=3,
        ge=1,
        title="Signing a check list, days",
        description="S-18: how soon the working-group member signs what was handed in.",
    )
    act_forward_days: int = Field(
        default=2,
        ge=1,
        title="Forwarding an act, days",
        description="S-18: how soon a working-group member forwards a made act.",
    )
    act_deliver_days: int = Field(
        default=2,
        ge=1,
        title="Delivering an act, days",
        description="S-19: how soon the dean's office delivers a forwarded act to the student.",
    )
    act_answer_days: int = Field(
        default=3,
        ge=1,
        title="Answering an act, days",
        description="S-19: how long the student may state agreement or disagreement. "
        "Afterwards the act goes on unanswered.",
    )
    act_decide_days: int = Field(
        default=5,
        ge=1,
        title="Deciding on an act, days",
        description="How soon the commission confirms or withdraws an act after the answer.",
    )
    act_second_review: bool = Field(
        default=False,
        title="Second reviewer",
        description="Whether another proctor, who sees no decision of the first, looks at every "
        "act before it is forwarded.",
    )
    act_commission_least: int = Field(
        default=3,
        ge=3,
        le=5,
        title="Commission on campus",
        description="S-12: how many people at least draw up an act in a room.",
    )
    act_commission_quorum: int = Field(
        default=3,
        ge=1,
        title="Commission's votes on an act",
        description="S-12: how many members of the commission must have voted before an act is "
        "confirmed, withdrawn or taken up again; the majority decides.",
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="Asia/Almaty",
        title="Time zone",
        description="Time zone of every date and time: on pages, in forms, mails and documents.",
    )
    smtp_host: str = Field(
        default="",
        title="Mail server",
        description="SMTP server for notices. Empty: mails become .eml files in outbox/ of the "
        "data folder.",
    )
    smtp_port: int = Field(
        default=587, ge=1, le=65535, title="Mail port", description="587 for STARTTLS, 465 for TLS."
    )
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        default="starttls",
        title="Mail encryption",
        description="How the connection to the mail server is encrypted.",
    )
    smtp_user: str = Field(
        default="", title="Mail user", description="Log-in at the mail server; empty: none."
    )
    smtp_password: SecretStr = Field(
        default=SecretStr(""), title="Mail password", description="Its password."
    )
    mail_from: str = Field(
        default="baqylau@localhost",
        pattern=r"^[^@\s<>]+@[^@\s<>]+$",
        title="Mail sender",
        description="Address that notices come from, and that undeliverable mail returns to.",
    )
    bank_named_days: int = Field(
        default=14,
        ge=0,
        title="Teachers named, days",
        description="How long before an exam the teachers who load its test are to be named.",
    )
    bank_approved_days: int = Field(
        default=60,
        ge=0,
        title="Items approved, days",
        description="How long before an exam its items are to be approved (S-4: two months).",
    )
    bank_loaded_days: int = Field(
        default=2,
        ge=0,
        title="Test loaded, days",
        description="How long before an exam its test is to be loaded (S-4).",
    )
    approvals_days: int = Field(
        default=14,
        ge=0,
        title="Schedule and staff approved, days",
        description="How long before a session its schedule, proctors and staff are to be "
        "approved (S-5, S-8).",
    )
    approvals_summer_days: int = Field(
        default=7,
        ge=0,
        title="The same for the summer, days",
        description="How long before a summer session they are to be approved (S-5, S-8).",
    )
    ratings_days: int = Field(
        default=3,
        ge=0,
        title="Ratings, days",
        description="How long before an exam the dean's office hears of groups without an "
        "admission statement (S-7).",
    )
    warning_days: int = Field(
        default=7,
        ge=0,
        title="Warning, days",
        description="How long before a deadline of the bank or of a session's approvals it is "
        "warned of.",
    )
    appeal_days: int = Field(
        default=0,
        ge=0,
        le=30,
        title="Appeal, days",
        description="How many days after the day of the grade an appeal may be lodged (T-5.4: "
        "on the day itself).",
    )
    statement_after_days: int = Field(
        default=1,
        ge=0,
        le=30,
        title="Statement, days after",
        description="How many days after its exam the grade statement is made (row 10).",
    )
    thumbnail_every_s: float = Field(
        default=2.0,
        gt=0,
        title="Thumbnail interval, s",
        description="How often a console tile gets a new picture, where its exam names no "
        "time of its own.",
    )
    rate_reads: int = Field(
        default=_RATES.reads,
        ge=0,
        title="Reads a minute",
        description="How often one person may read within a minute; 0: no limit.",
    )
    rate_writes: int = Field(
        default=_RATES.writes,
        ge=0,
        title="Writes a minute",
        description="How often one person may change something within a minute; 0: no limit.",
    )
    rate_answers: int = Field(
        default=_RATES.answers,
        ge=0,
        title="Answers a minute",
        description="How often one student may save an answer within a minute; 0: no limit.",
    )
    rate_address: int = Field(
        default=_RATES.address,
        ge=0,
        title="Calls without a session a minute",
        description="How often one address may call without a session within a minute; a class "
        "may share one. 0: no limit.",
    )
    ice_servers: str = Field(
        default="",
        title="ICE servers",
        description="STUN and TURN servers that browsers are told of, separated by spaces, e.g. "
        "stun:turn.example.kz turn:turn.example.kz?transport=udp turns:turn.example.kz:5349.",
    )
    server_ice_servers: str = Field(
        default="",
        title="ICE servers of the server",
        description="Those it uses itself, where its own address cannot be reached from outside. "
        "Empty: it offers the addresses it has.",
    )
    turn_secret: SecretStr = Field(
        default=SecretStr(""),
        title="TURN secret",
        description="Shared with the TURN servers (coturn: use-auth-secret, static-auth-secret); "
        "each connection gets its own credentials, which end by themselves.",
    )
    turn_credential_h: int = Field(
        default=12,
        ge=1,
        le=72,
        title="TURN credentials, h",
        description="How long they are good; longer than the longest exam.",
    )
    whip_origins: str = Field(
        default="",
        title="Other sites that may publish",
        description="Origins whose pages may call /whip and /whep, separated by spaces, e.g. "
        "https://exam.example.kz; * for any. Clients that are no browser need none.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        title="Capture workers",
        description="Processes that record and analyse, one a core. 1: the server does it itself.",
    )
    max_sittings: int = Field(
        default=0,
        ge=0,
        title="Sittings at once",
        description="Beyond it students wait their turn at the device check. "
        f"0: {SITTINGS_A_PROCESS} for each process that records (docs/capacity.md).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", title="Log level", description="Least severity that is written to stderr."
    )

    @model_validator(mode="after")
    def _slashless(self) -> Self:
        if self.public_url.endswith("/"):
            raise ValueError("public_url must not end with a slash")
        return self

    @model_validator(mode="after")
    def _ice_readable(self) -> Self:
        _ = self.ice, self.server_ice
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def ice(self) -> IceSettings:
        return self._ice(self.ice_servers)

    @property
    def server_ice(self) -> IceSettings:
        return self._ice(self.server_ice_servers)

    def _ice(self, urls: str) -> IceSettings:
        secret = self.turn_secret.get_secret_value()
        return IceSettings(tuple(urls.split()), secret, self.turn_credential_h * 3600)

    @property
    def bank_policy(self) -> BankPolicy:
        return BankPolicy(
            timedelta(days=self.bank_named_days),
            timedelta(days=self.bank_approved_days),
            timedelta(days=self.bank_loaded_days),
        )

    @property
    def act_policy(self) -> ActPolicy:
        return ActPolicy(
            timedelta(days=self.act_forward_days),
            timedelta(days=self.act_deliver_days),
            timedelta(days=self.act_answer_days),
            timedelta(days=self.act_decide_days),
            self.act_second_review,
            self.act_commission_quorum,
            self.act_commission_least,
            timedelta(days=self.list_hand_in_days),
            timedelta(days=self.list_sign_days),
        )

    @property
    def deadline_policy(self) -> DeadlinePolicy:
        return DeadlinePolicy(
            timedelta(days=self.approvals_days),
            timedelta(days=self.approvals_summer_days),
            timedelta(days=self.warning_days),
            timedelta(days=self.ratings_days),
        )

    @property
    def joined_kept(self) -> timedelta:
        return timedelta(hours=self.joined_kept_h)

    @property
    def photos_kept(self) -> timedelta:
        return timedelta(days=self.photos_kept_d)

    @property
    def rates(self) -> RateLimits:
        return RateLimits(self.rate_reads, self.rate_writes, self.rate_answers, self.rate_address)

    @property
    def sittings_at_once(self) -> int:
        processes = min(self.workers, os.cpu_count() or 1)
        return self.max_sittings or SITTINGS_A_PROCESS * processes

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'app.db'}"

    @property
    def address(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / "recordings"

    @property
    def incoming_dir(self) -> Path:
        """What students' pages upload, until it is whole."""
        return self.data_dir / "incoming"

    @property
    def exports_dir(self) -> Path:
        """MP4 files in the making."""
        return self.data_dir / "exports"

    @property
    def blobs_dir(self) -> Path:
        return self.data_dir / "blobs"

    @property
    def recording_key_path(self) -> Path:
        return self.recording_key or self.data_dir / "recording.pem"

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"

    @property
    def seal_path(self) -> Path:
        return self.data_dir / "seal.pem"
