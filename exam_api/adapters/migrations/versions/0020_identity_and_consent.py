"""Identity photos, versions of the rules, and consents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PHOTO = "identity_photo"


def upgrade() -> None:
    op.create_table(
        PHOTO,
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("taken_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f(f"fk_{PHOTO}_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PHOTO}")),
    )
    op.create_index(op.f(f"ix_{PHOTO}_sitting_id"), PHOTO, ["sitting_id"], unique=False)
    op.create_index(op.f(f"ix_{PHOTO}_taken_at"), PHOTO, ["taken_at"], unique=False)
    op.create_table(
        "rules_version",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("published_at", UTC, nullable=False),
        sa.Column("published_by", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["published_by"], ["user.id"], name=op.f("fk_rules_version_published_by_user")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rules_version")),
    )
    op.create_table(
        "consent",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sitting.id"], name=op.f("fk_consent_sitting_id_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "number", name=op.f("pk_consent")),
    )


def downgrade() -> None:
    for table in ("consent", "rules_version", PHOTO):
        op.drop_table(table)
