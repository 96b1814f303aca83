"""The emergencies are rehearsed: each command of the chapter is run in its order, on an accident of that kind."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.guide.text import blocks, commands, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

    #: An accident. It gets what the commands of each block have printed, and does what the text between them says.
    Accident = Callable[["Stage"], Generator[None, list["Told"], None]]

COSTS = "CREATE TABLE costs (id bigint PRIMARY KEY, day date, amount numeric);\n--\nDROP TABLE costs;"
ALERTS = "CREATE TABLE alerts (cost_id bigint REFERENCES costs (id));\n--\nDROP TABLE alerts;"
INDEX = """-- No transaction
ALTER TABLE costs ADD COLUMN note text;
UPDATE costs SET note = 'none';
CREATE UNIQUE INDEX CONCURRENTLY costs_day_idx ON costs (day);
--
DROP INDEX CONCURRENTLY costs_day_idx;
ALTER TABLE costs DROP COLUMN note;"""
SAME_DAY = "INSERT INTO costs VALUES (1, '2026-01-01', 1), (2, '2026-01-01', 2)"


@dataclass(frozen=True)
class Told:
    """What a command has printed, and its exit code."""

    command: str
    code: int
    text: str


@dataclass
class Stage:
    """Where an accident happens: a project, its database, and whoever types the commands of the guide."""

    folder: Path
    database: Database
    cli: Cli
    query: Query
    write: Migrations
    #: What stands in the guide as an example, and what it is here.
    examples: dict[str, str] = field(default_factory=dict)

    def deployed(self, **more: str) -> None:
        """Two migrations that are applied, and a new one that nobody has run."""
        self.write(m021_grants="CREATE TABLE grants (id int);\n--\nDROP TABLE grants;", m022_costs=COSTS)
        assert self.cli("run").code == 0
        self.write(**more)

    def states(self) -> list[str]:
        return [migration["state"] for migration in self.cli("status", "--json").json["migrations"]]

    def type(self, words: list[str]) -> Told:
        for example, here in self.examples.items():
            words = [word.replace(example, here) for word in words]
        if words[:2] == ["pytest-migrations", "test"]:  # a pytest within this one would be confused by it
            command = [sys.executable, "-m", "pytest_migrations", *words[1:]]
            ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
            return Told(" ".join(words), ran.returncode, ran.stdout + ran.stderr)
        if words[0] == "pytest-migrations":
            asks = ["--yes"] if words[1] in ("mark", "repair") else []
            result = self.cli(*words[1:], *asks)
            return Told(" ".join(words), result.code, result.out + result.err)
        assert words[0] == "psql"
        ran = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        return Told(" ".join(words), ran.returncode, ran.stdout + ran.stderr)


def nothing_was_kept(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=ALERTS.replace("costs (id)", "cost (id)"))
    assert stage.cli("run").code == 1
    file = stage.folder / "migrations" / "023_cost_alerts.sql"
    text = file.read_text()
    file.unlink()
    assert stage.cli("run").out.startswith("Nothing to do"), "that is where one may go to bed"
    file.write_text(text)

    status, run = yield
    assert (status.code, run.code) == (1, 1)
    assert "nothing of it was kept" in status.text
    assert "migrations/023_cost_alerts.sql:1:" in run.text
    assert "(42P01 undefined_table)" in run.text
    stage.write(m023_cost_alerts=ALERTS)

    proved, run, status = yield
    assert (proved.code, run.code, status.code) == (0, 0, 0), proved.text
    assert "3 of 3 migrations applied" in status.text


def stopped_half_way(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=INDEX)
    stage.query(SAME_DAY)
    assert stage.cli("run").code == 1

    (status,) = yield
    assert "stopped behind statement 2 of 3" in status.text
    assert "costs_day_idx is there and invalid" in status.text
    stage.query("UPDATE costs SET day = '2026-01-02' WHERE id = 2")

    (run,) = yield
    assert run.code == 0, run.text
    assert stage.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'costs_day_idx'::regclass") == [(True,)]
    assert stage.cli("rollback", "023").code == 0
    stage.query("UPDATE costs SET day = '2026-01-01'")
    assert stage.cli("run").code == 1

    rollback, status = yield
    assert (rollback.code, status.code) == (0, 0)
    assert stage.states()[-1] == "rolled back"
    assert stage.query("SELECT to_regclass('costs_day_idx')") == [(None,)]
    block = "DO $$ BEGIN UPDATE costs SET amount = 0 WHERE id = 1; COMMIT; PERFORM 1 / amount FROM costs; END $$;"
    stage.write(m023_cost_alerts=f"-- No transaction\n{block}")
    assert stage.cli("run").code == 1
    assert "nobody can tell" in stage.cli("run", "--continue").err
    stage.write(m023_cost_alerts="-- No transaction\n" + block.replace("1 / amount", "1"))

    mark, run = yield
    assert (mark.code, run.code) == (0, 0), mark.text + run.text
    assert stage.states() == ["applied"] * 3


def a_lock(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts="ALTER TABLE costs ADD COLUMN note text;")
    idle = psycopg.connect(stage.database.dsn, application_name="worker")
    idle.execute("SELECT FROM costs")
    stage.examples["4711"] = str(idle.info.backend_pid)

    (who,) = yield
    assert re.search(rf"{idle.info.backend_pid} .*worker .*AccessShareLock .*idle in transaction", who.text), who.text

    ended, run = yield
    assert (ended.code, run.code) == (0, 0), run.text
    idle.close()

    (again,) = yield
    assert again.code == 0, again.text


def an_invalid_index(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed()
    stage.query(SAME_DAY)
    with pytest.raises(psycopg.errors.UniqueViolation):
        stage.query("CREATE UNIQUE INDEX CONCURRENTLY costs_day_idx ON costs (day)")

    (invalid,) = yield
    assert "costs_day_idx | costs" in invalid.text

    (building,) = yield
    assert "(0 rows)" in building.text

    dropped, built = yield
    assert (dropped.code, built.code) == (0, 0)
    assert stage.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'costs_day_idx'::regclass") == [(True,)]


def a_wrong_migration(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=ALERTS)
    assert stage.cli("run").code == 0

    rollback, status = yield
    assert (rollback.code, status.code) == (0, 0), rollback.text
    assert rollback.text.startswith("backup ")
    assert stage.states() == ["applied", "applied", "rolled back"]
    assert stage.cli("run").code == 0
    refused = stage.cli("rollback", "022_costs.sql")
    assert refused.code == 2
    assert "023_cost_alerts.sql needs table" in refused.err

    (rollback,) = yield
    assert rollback.code == 0, rollback.text
    assert stage.states() == ["applied", "rolled back", "rolled back"]
    assert stage.cli("run").code == 0

    (rollback,) = yield
    assert rollback.code == 0, rollback.text
    assert stage.states() == ["applied", "rolled back", "rolled back"]


def the_ledger(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=ALERTS.replace("costs (id)", "cost (id)"))
    assert stage.cli("run").code == 1
    stage.query("CREATE TABLE alerts (cost_id bigint REFERENCES costs (id))")

    mark, status = yield
    assert (mark.code, status.code) == (0, 0), mark.text
    assert stage.states() == ["applied"] * 3


def files_and_ledger(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=ALERTS)
    assert stage.cli("run").code == 0
    folder = stage.folder / "migrations"
    (folder / "021_grants.sql").rename(folder / "021_all_grants.sql")
    stage.write(m023_cost_alerts=f"-- of budgets, too\n{ALERTS}")
    assert stage.states() == ["missing", "pending", "applied", "changed"]

    repair, status = yield
    assert (repair.code, status.code) == (0, 0), repair.text
    assert stage.states() == ["applied"] * 3
    (folder / "023_cost_alerts.sql").unlink()

    (rollback,) = yield
    assert rollback.code == 0, rollback.text
    assert stage.query("SELECT to_regclass('alerts')") == [(None,)]


def killed(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=INDEX)
    (stage.folder / "pyproject.toml").write_text("[tool.pytest-migrations]\nlock-timeout = '200ms'\n")
    reader = psycopg.connect(stage.database.dsn)
    reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    reader.execute("SELECT 1")  # its snapshot is what CREATE INDEX CONCURRENTLY waits for at last
    command = [sys.executable, "-m", "pytest_migrations", "run", "--lock-timeout=60s"]
    process = subprocess.Popen(command, cwd=stage.folder)
    while not stage.query("SELECT pid FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'"):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()

    status, run = yield
    assert status.code == 0
    assert "under way: statement 2 of 3 is done, by pid " in status.text
    assert "Another run works on this database: pid " in run.text
    found = re.search(r"pid (\d+)", run.text)
    assert found is not None
    stage.examples["4711"] = found[1]

    (ended,) = yield
    assert ended.code == 0
    reader.close()

    run, status = yield
    assert (run.code, status.code) == (0, 0), run.text
    assert stage.states() == ["applied"] * 3


def a_backup(stage: Stage) -> Generator[None, list[Told], None]:
    stage.deployed(m023_cost_alerts=ALERTS)
    stage.query("INSERT INTO costs VALUES (1, '2026-01-01', 42)")
    assert stage.cli("run", "--backup").code == 0
    stage.query("DELETE FROM costs")

    (listed,) = yield
    (backup,) = (stage.folder / "backups").glob("*.dump")
    assert backup.name in listed.text
    restored = f"{stage.database.name}_restored"
    stage.examples |= {"grants-20261123T101512Z-022.dump": backup.name, "grants_restored": restored}

    (restore,) = yield
    assert restore.code == 0, restore.text
    stage.examples["$RESTORED_URL"] = stage.examples["$DATABASE_URL"].replace(stage.database.name, restored)

    away, back = yield
    assert (away.code, back.code) == (0, 0), away.text + back.text
    assert stage.query("SELECT amount FROM costs") == [(42,)]
    stage.query(f"DROP DATABASE {restored}")


ACCIDENTS: dict[str, Accident] = {
    "A migration failed, and nothing of it was kept": nothing_was_kept,
    "A migration stopped half-way": stopped_half_way,
    "A lock is not free": a_lock,
    "An index is invalid": an_invalid_index,
    "A wrong migration was applied": a_wrong_migration,
    "The ledger is not right": the_ledger,
    "Files and ledger do not go together": files_and_ledger,
    "The run was killed": killed,
    "Restore a backup": a_backup,
}


def test_each_is_rehearsed() -> None:
    assert [heading for heading in sections("Emergency") if heading != "Afterwards"] == [*ACCIDENTS]


@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql here")
@pytest.mark.parametrize("heading", ACCIDENTS)
def test_an_accident(
    tmp_path: Path, database: Database, cli: Cli, query: Query, migrations: Migrations, heading: str
) -> None:
    stage = Stage(tmp_path, database, cli, query, migrations, {"$DATABASE_URL": database.url_for("postgresql")})
    accident = ACCIDENTS[heading](stage)
    next(accident)
    *first, last = blocks(sections("Emergency")[heading], "sh")
    for block in first:
        accident.send([stage.type(words) for words in commands(block)])
    with pytest.raises(StopIteration):
        accident.send([stage.type(words) for words in commands(last)])
