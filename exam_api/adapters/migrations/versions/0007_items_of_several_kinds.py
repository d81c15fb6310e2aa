"""Items of several kinds, in versions; answers as typed responses; what each item earned.

Every item so far was a single choice: its texts and choices become one body and one key, and
its answers responses of that kind. Going back loses the test bank and the answers, which the old
tables cannot hold.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(length=36)
UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FULL = 1_000_000
_AT_ONCE = 1000
_REMOVED = "removed"

_item = sa.table("item", *(sa.column(name) for name in ("id", "discipline_id", "position")))
_stem = sa.table("item_text", *(sa.column(name) for name in ("item_id", "lang", "stem")))
_choice = sa.table("item_choice", *(sa.column(n) for n in ("id", "item_id", "position", "correct")))
_text = sa.table("choice_text", *(sa.column(name) for name in ("choice_id", "lang", "text")))
_SAME = ("sitting_id", "item_id", "client_seq", "saved_at")
_answer = sa.table("answer", *(sa.column(n) for n in (*_SAME, "choice_id")))
_log = sa.table("answer_log", *(sa.column(n) for n in ("id", *_SAME, "client_id", "choice_id")))
_sitting = sa.table(
    "sitting",
    *(sa.column(name) for name in ("id", "state", "score")),
    sa.column("item_order", JSON),
)


def upgrade() -> None:
    bind = op.get_bind()
    items = list(_items(bind))
    answers = [_answered(row) for row in bind.execute(sa.select(_answer)).mappings()]
    logged = [_logged(row) for row in bind.execute(sa.select(_log)).mappings()]
    earned = list(_credits(bind, items, answers))
    for name in ("answer_log", "answer", "choice_text", "item_choice", "item_text", "item"):
        op.drop_table(name)
    _make_item()
    _make_answers()
    _make_credits()
    for table, rows in (
        ("item", items),
        ("answer", answers),
        ("answer_log", logged),
        ("item_credit", earned),
    ):
        _fill(table, rows)
    op.execute("ALTER TABLE sitting RENAME COLUMN score TO score_hundredths")
    op.execute("UPDATE sitting SET score_hundredths = score_hundredths * 100")


def _items(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    stems: dict[str, dict[str, str]] = defaultdict(dict)
    for ref, lang, stem in bind.execute(sa.select(_stem)):
        stems[ref][lang] = stem
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for ref, lang, text in bind.execute(sa.select(_text)):
        texts[ref][lang] = text
    choices: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for ref, item_id, _, correct in bind.execute(sa.select(_choice).order_by(_choice.c.position)):
        choices[item_id].append((ref, bool(correct)))
    # In the order of ids: that of the draw.
    for ref, discipline_id, _ in bind.execute(sa.select(_item).order_by(_item.c.id)):
        own = choices[ref]
        body = {
            "stem": stems[ref],
            "choices": [{"id": choice, "text": texts[choice]} for choice, _ in own],
            "targets": [],
            "shuffle": True,
            "formulas": {},
        }
        weights = {choice: FULL if correct else 0 for choice, correct in own}
        yield {
            "id": ref,
            "discipline_id": discipline_id,
            "lineage_id": ref,
            "version": 1,
            "kind": "single",
            "state": "approved",
            "parts": {
                "item": ref,
                "kind": "single",
                "choices": [choice for choice, _ in own],
                "targets": [],
                "fixed": False,
            },
            "body": body,
            "key": {"kind": "choice", "weights": weights, "partial": True},
        }


def _answered(row: sa.RowMapping) -> dict[str, Any]:
    response = {"kind": "single", "choice": row["choice_id"]}
    return {name: row[name] for name in _SAME} | {"response": response, "blank": False}


def _logged(row: sa.RowMapping) -> dict[str, Any]:
    same = {name: row[name] for name in ("id", *_SAME, "client_id")}
    return same | {"response": {"kind": "single", "choice": row["choice_id"]}}


def _credits(
    bind: sa.Connection, items: list[dict[str, Any]], answers: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Who was removed has no credits; who ended has one for each item of the paper."""
    weights = {item["id"]: item["key"]["weights"] for item in items}
    chosen = {(one["sitting_id"], one["item_id"]): one["response"]["choice"] for one in answers}
    ended = sa.select(_sitting).where(_sitting.c.score.is_not(None), _sitting.c.state != _REMOVED)
    for sitting_id, _, _, paper in bind.execute(ended):
        for row in paper["items"] if paper else ():
            right = weights[row["item"]].get(chosen.get((sitting_id, row["item"])), 0) == FULL
            yield {
                "sitting_id": sitting_id,
                "item_id": row["item"],
                "hundredths": 100 if right else 0,
            }


def _fill(name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    typed = {"body": JSON, "key": JSON, "parts": JSON, "response": JSON}
    table = sa.table(name, *(sa.column(column, typed.get(column)) for column in rows[0]))
    for start in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(table, rows[start : start + _AT_ONCE])
    if name == "answer_log" and op.get_bind().dialect.name == "postgresql":
        # The ids were brought along: the sequence goes on after them.
        op.execute(
            "SELECT setval(pg_get_serial_sequence('answer_log', 'id'), max(id)) FROM answer_log"
        )


def _make_item() -> None:
    op.create_table(
        "item",
        sa.Column("id", ID, nullable=False),
        sa.Column("discipline_id", ID, nullable=False),
        sa.Column("lineage_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("key", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["discipline_id"], ["discipline.id"], name=op.f("fk_item_discipline_id_discipline")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("lineage_id", "version", name=op.f("uq_item_lineage_id_version")),
    )
    op.create_index(op.f("ix_item_discipline_id_state"), "item", ["discipline_id", "state"])


def _make_answers() -> None:
    op.create_table(
        "answer",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("response", JSON, nullable=False),
        sa.Column("blank", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UTC, nullable=False),
        sa.Column("client_seq", sa.BigInteger(), nullable=False),
        *_references("answer"),
        sa.PrimaryKeyConstraint("sitting_id", "item_id", name=op.f("pk_answer")),
    )
    op.create_table(
        "answer_log",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("response", JSON, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("client_seq", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", UTC, nullable=False),
        *_references("answer_log"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_log")),
        sa.UniqueConstraint(
            "sitting_id",
            "item_id",
            "client_seq",
            name=op.f("uq_answer_log_sitting_id_item_id_client_seq"),
        ),
    )


def _make_credits() -> None:
    op.create_table(
        "item_credit",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("hundredths", sa.Integer(), nullable=False),
        *_references("item_credit"),
        sa.PrimaryKeyConstraint("sitting_id", "item_id", name=op.f("pk_item_credit")),
    )
    op.create_index(op.f("ix_item_credit_item_id"), "item_credit", ["item_id"])


def _references(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    sitting, item = f"fk_{table}_sitting_id_sitting", f"fk_{table}_item_id_item"
    return (
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f(sitting)),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f(item)),
    )


def downgrade() -> None:
    for name in ("item_credit", "answer_log", "answer", "item"):
        op.drop_table(name)
    op.execute("UPDATE sitting SET score_hundredths = score_hundredths / 100")
    op.execute("ALTER TABLE sitting RENAME COLUMN score_hundredths TO score")
    _old_bank()
    _old_answers()


def _old_bank() -> None:
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


def _old_answers() -> None:
    for table in ("answer", "answer_log"):
        log = table == "answer_log"
        choice = f"fk_{table}_choice_id_item_choice"
        op.create_table(
            table,
            *((sa.Column("id", SERIAL, autoincrement=True, nullable=False),) if log else ()),
            sa.Column("sitting_id", ID, nullable=False),
            sa.Column("item_id", ID, nullable=False),
            sa.Column("choice_id", ID, nullable=False),
            *((sa.Column("client_id", sa.String(length=64), nullable=False),) if log else ()),
            sa.Column("client_seq", sa.BigInteger(), nullable=False),
            sa.Column("saved_at", UTC, nullable=False),
            sa.ForeignKeyConstraint(["choice_id"], ["item_choice.id"], name=op.f(choice)),
            *_references(table),
            sa.PrimaryKeyConstraint(
                *(("id",) if log else ("sitting_id", "item_id")), name=op.f(f"pk_{table}")
            ),
        )
