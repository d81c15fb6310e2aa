"""Signatures of people beside every sealed document, not acts alone."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OLD, NEW = "act_signature", "signature"
ID = sa.String(length=36)
CODE = sa.String(length=40)
DIGEST = sa.String(length=64)
SAME = "language, document_sha256, sha256, subject, issuer, problem, attached_by, attached_at"


def _rest(table: str) -> list[sa.schema.SchemaItem]:
    """What both tables have."""
    name = op.f(f"fk_{table}_attached_by_user")
    return [
        sa.Column("language", CODE, nullable=False),
        sa.Column("document_sha256", DIGEST, nullable=False),
        sa.Column("sha256", DIGEST, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("problem", CODE, nullable=False),
        sa.Column("attached_by", ID, nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attached_by"], ["user.id"], name=name),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        NEW,
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("paper_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *_rest(NEW),
        sa.UniqueConstraint(
            "kind",
            "paper_id",
            "revision",
            "sha256",
            name=op.f("uq_signature_kind_paper_id_revision_sha256"),
        ),
    )
    op.execute(
        f"INSERT INTO {NEW} (id, kind, paper_id, revision, {SAME}) "  # noqa: S608 - constants
        f"SELECT id, 'acts', act_id, (SELECT revision FROM act WHERE act.id = act_id), {SAME} "
        f"FROM {OLD}"
    )
    op.drop_table(OLD)


def downgrade() -> None:
    op.create_table(
        OLD,
        sa.Column("id", ID, nullable=False),
        sa.Column("act_id", ID, nullable=False),
        *_rest(OLD),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=op.f(f"fk_{OLD}_act_id_act")),
        sa.UniqueConstraint("act_id", "sha256", name=op.f(f"uq_{OLD}_act_id_sha256")),
    )
    op.execute(
        f"INSERT INTO {OLD} (id, act_id, {SAME}) "  # noqa: S608 - constants
        f"SELECT id, paper_id, {SAME} FROM {NEW} WHERE kind = 'acts'"
    )
    op.drop_table(NEW)
