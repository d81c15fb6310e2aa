"""The first schema: people, test bank, exams, sittings, recordings, flags, acts, events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "user",
    "student_profile",
    "session",
    "login_failure",
    "discipline",
    "item",
    "item_text",
    "item_choice",
    "choice_text",
    "exam",
    "exam_proctor",
    "exam_member",
    "sitting",
    "answer",
    "answer_log",
    "publish_token",
    "segment",
    "gap",
    "flag",
    "decision",
    "act",
    "act_counter",
    "event",
)


def _people() -> None:
    op.create_table(
        "user",
        sa.Column("id", ID, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("full_name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("login", name=op.f("uq_user_login")),
    )
    op.create_table(
        "student_profile",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("faculty", sa.String(length=200), nullable=False),
        sa.Column("programme", sa.String(length=200), nullable=False),
        sa.Column("course", sa.Integer(), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_student_profile_user_id_user")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_student_profile")),
    )
    op.create_table(
        "session",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("last_seen_at", UTC, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.Column("revoked_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id_user")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "login_failure",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
    )
    op.create_index(op.f("ix_login_failure_key_at"), "login_failure", ["key", "at"], unique=False)


def _test_bank() -> None:
    op.create_table(
        "discipline",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title_kk", sa.String(length=200), nullable=False),
        sa.Column("title_ru", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discipline")),
        sa.UniqueConstraint("code", name=op.f("uq_discipline_code")),
    )
    op.create_table(
        "item",
        sa.Column("id", ID, nullable=False),
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["discipline_id"], ["discipline.id"], name=op.f("fk_item_discipline_id_discipline")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint(
            "discipline_id", "position", name=op.f("uq_item_discipline_id_position")
        ),
    )
    op.create_table(
        "item_text",
        sa.Column("item_id", ID, nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_text_item_id_item")),
        sa.PrimaryKeyConstraint("item_id", "lang", name=op.f("pk_item_text")),
    )
    op.create_table(
        "item_choice",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_choice_item_id_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_choice")),
        sa.UniqueConstraint("item_id", "position", name=op.f("uq_item_choice_item_id_position")),
    )
    op.create_table(
        "choice_text",
        sa.Column("choice_id", ID, nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["choice_id"], ["item_choice.id"], name=op.f("fk_choice_text_choice_id_item_choice")
        ),
        sa.PrimaryKeyConstraint("choice_id", "lang", name=op.f("pk_choice_text")),
    )


def _exams() -> None:
    op.create_table(
        "exam",
        sa.Column("id", ID, nullable=False),
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("opens_at", UTC, nullable=False),
        sa.Column("closes_at", UTC, nullable=False),
        sa.Column("policy", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["discipline_id"], ["discipline.id"], name=op.f("fk_exam_discipline_id_discipline")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam")),
    )
    op.create_index(op.f("ix_exam_discipline_id"), "exam", ["discipline_id"], unique=False)
    op.create_table(
        "exam_proctor",
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("proctor_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["exam.id"], name=op.f("fk_exam_proctor_exam_id_exam")
        ),
        sa.ForeignKeyConstraint(
            ["proctor_id"], ["user.id"], name=op.f("fk_exam_proctor_proctor_id_user")
        ),
        sa.PrimaryKeyConstraint("exam_id", "proctor_id", name=op.f("pk_exam_proctor")),
    )
    op.create_index(
        op.f("ix_exam_proctor_proctor_id"), "exam_proctor", ["proctor_id"], unique=False
    )
    op.create_table(
        "exam_member",
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_exam_member_exam_id_exam")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["user.id"], name=op.f("fk_exam_member_member_id_user")
        ),
        sa.PrimaryKeyConstraint("exam_id", "member_id", name=op.f("pk_exam_member")),
    )
    op.create_index(op.f("ix_exam_member_member_id"), "exam_member", ["member_id"], unique=False)


def _sittings() -> None:
    op.create_table(
        "sitting",
        sa.Column("id", ID, nullable=False),
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("student_id", ID, nullable=False),
        sa.Column("proctor_id", ID, nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("origin", UTC, nullable=True),
        sa.Column("checked_at", UTC, nullable=True),
        sa.Column("began_at", UTC, nullable=True),
        sa.Column("deadline_at", UTC, nullable=True),
        sa.Column("finished_at", UTC, nullable=True),
        sa.Column("finish_reason", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("item_order", JSON, nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("letter", sa.String(length=2), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_sitting_exam_id_exam")),
        sa.ForeignKeyConstraint(
            ["proctor_id"], ["user.id"], name=op.f("fk_sitting_proctor_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["user.id"], name=op.f("fk_sitting_student_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
        sa.UniqueConstraint("exam_id", "student_id", name=op.f("uq_sitting_exam_id_student_id")),
    )
    op.create_index(
        op.f("ix_sitting_state_deadline_at"), "sitting", ["state", "deadline_at"], unique=False
    )
    op.create_index(op.f("ix_sitting_student_id"), "sitting", ["student_id"], unique=False)
    op.create_table(
        "answer",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("choice_id", ID, nullable=False),
        sa.Column("saved_at", UTC, nullable=False),
        sa.Column("client_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["choice_id"], ["item_choice.id"], name=op.f("fk_answer_choice_id_item_choice")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_answer_item_id_item")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_answer_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "item_id", name=op.f("pk_answer")),
    )
    op.create_table(
        "answer_log",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("choice_id", ID, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("client_seq", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["choice_id"], ["item_choice.id"], name=op.f("fk_answer_log_choice_id_item_choice")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_answer_log_item_id_item")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_answer_log_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_log")),
        sa.UniqueConstraint(
            "sitting_id",
            "item_id",
            "client_seq",
            name=op.f("uq_answer_log_sitting_id_item_id_client_seq"),
        ),
    )
    op.create_table(
        "publish_token",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("expires_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_publish_token_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_publish_token")),
    )
    op.create_index(
        op.f("ix_publish_token_sitting_id"), "publish_token", ["sitting_id"], unique=False
    )


def _recordings() -> None:
    op.create_table(
        "segment",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("video_codec", sa.String(length=20), nullable=True),
        sa.Column("audio_codec", sa.String(length=20), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_segment_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "idx", name=op.f("pk_segment")),
    )
    op.create_table(
        "gap",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("start_ms", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_gap_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "start_ms", name=op.f("pk_gap")),
    )


def _reviews() -> None:
    op.create_table(
        "flag",
        sa.Column("id", ID, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("models", JSON, nullable=False),
        sa.Column("thresholds", JSON, nullable=False),
        sa.Column("scores", JSON, nullable=False),
        sa.Column("evidence_key", sa.String(length=200), nullable=True),
        sa.Column("evidence_at_ms", sa.Integer(), nullable=True),
        sa.Column("boxes", JSON, nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_flag_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
        sa.UniqueConstraint(
            "sitting_id", "kind", "start_ms", name=op.f("uq_flag_sitting_id_kind_start_ms")
        ),
    )
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("flag_id", ID, nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("by_user", ID, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["by_user"], ["user.id"], name=op.f("fk_decision_by_user_user")),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.id"], name=op.f("fk_decision_flag_id_flag")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_flag_id"), "decision", ["flag_id"], unique=False)


def _acts() -> None:
    op.create_table(
        "act",
        sa.Column("id", ID, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_at", UTC, nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("document_sha256", JSON, nullable=False),
        sa.Column("blobs", JSON, nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_act_made_by_user")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_act_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
        sa.UniqueConstraint(
            "sitting_id", "form", "revision", name=op.f("uq_act_sitting_id_form_revision")
        ),
        sa.UniqueConstraint(
            "year", "form", "seq", "revision", name=op.f("uq_act_year_form_seq_revision")
        ),
    )
    op.create_table(
        "act_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", "form", name=op.f("pk_act_counter")),
    )


def _events() -> None:
    op.create_table(
        "event",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("exam_id", ID, nullable=False),
        sa.Column("sitting_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_event_exam_id_exam")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_event_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_exam_id_id"), "event", ["exam_id", "id"], unique=False)
    op.create_index(op.f("ix_event_sitting_id_id"), "event", ["sitting_id", "id"], unique=False)


def upgrade() -> None:
    _people()
    _test_bank()
    _exams()
    _sittings()
    _recordings()
    _reviews()
    _acts()
    _events()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
