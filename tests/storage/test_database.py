"""New files and migrated ones are the same; a file of another kind is left alone."""

from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from mobility.core.errors import CorruptionError, StorageError
from mobility.storage import database
from mobility.storage.database import HEADS, Schema, open_reader, open_writer, upgrade

SCHEMAS: tuple[Schema, ...] = ("ledger", "vault")


def tables(connection: Connection) -> dict[str, list[tuple]]:
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").scalars()
    return {
        name: [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA table_info('{name}')").all()]
        for name in names.all()
    }


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_migrations_lead_to_the_tables_of_a_new_file(tmp_path: Path, schema: Schema):
    with (
        closing(open_writer(tmp_path / "new.db", schema, is_durable=False)) as new,
        closing(database._connect(tmp_path / "old.db")) as old,
    ):
        upgrade(old, schema)
        assert tables(old) == tables(new)
        assert old.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEADS[schema]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_newest_revision_is_the_one_the_program_expects(schema: Schema):
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations" / schema))
    assert ScriptDirectory.from_config(config).get_heads() == [HEADS[schema]]


def test_an_older_file_is_migrated_when_it_is_opened(tmp_path: Path):
    with closing(database._connect(tmp_path / "l.db")) as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    with closing(open_writer(tmp_path / "l.db", "ledger", is_durable=False)) as connection:
        assert "facts" in tables(connection)


def test_a_reader_can_not_write(tmp_path: Path):
    open_writer(tmp_path / "l.db", "ledger", is_durable=False).close()
    with closing(open_reader(tmp_path / "l.db")) as reader, pytest.raises(StorageError), database.faults("l.db"):
        reader.exec_driver_sql("DELETE FROM facts")


def test_a_missing_file_is_no_ledger_to_read(tmp_path: Path):
    with pytest.raises(StorageError, match="there is no"):
        open_reader(tmp_path / "l.db")
    assert list(tmp_path.iterdir()) == []


def test_a_durable_file_is_synced_at_every_commit_and_only_checkpointed_by_us(tmp_path: Path):
    with closing(open_writer(tmp_path / "l.db", "ledger", is_durable=True)) as writer:
        pragmas = ("journal_mode", "synchronous", "wal_autocheckpoint", "secure_delete")
        found = [writer.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert found == ["wal", 2, 0, 1]


def test_foreign_bytes_are_told_as_corruption(tmp_path: Path):
    (tmp_path / "l.db").write_bytes(b"x" * 5000)
    with pytest.raises(CorruptionError):
        open_writer(tmp_path / "l.db", "ledger", is_durable=True)


def test_bookings_from_before_prams_could_be_booked_show_none(tmp_path: Path):
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations" / "ledger"))
    with closing(database._connect(tmp_path / "l.db")) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "ledger_0001")
        columns = [row[1] for row in connection.exec_driver_sql("PRAGMA table_info('bookings')")]
        values = ["0" if column.endswith(("_s", "_at", "s", "t")) else "'x'" for column in columns]
        connection.exec_driver_sql(f"INSERT INTO bookings VALUES ({', '.join(values)})")  # noqa: S608 - own names
        upgrade(connection, "ledger")
        (found,) = connection.exec_driver_sql("SELECT prams, luggage FROM bookings").all()
        assert tuple(found) == (0, 0)
        command.downgrade(config, "ledger_0001")
        assert "prams" not in [row[1] for row in connection.exec_driver_sql("PRAGMA table_info('bookings')")]
