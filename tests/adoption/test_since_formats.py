"""What a branch may change of old migrations, as their tool allows it, and the settings they are read with."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from tests.git import git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Files = Mapping[str, str | None]
    Since = Callable[..., pytest.RunResult]

WHEN = "2024-01-31T12:00:00Z A <a@example.org>"


@pytest.fixture
def since(pytester: pytest.Pytester, given_server: None) -> Since:
    """Commit files on a branch base, and others on base after this branch has left it; change the work tree; run."""

    def run(
        base: Files,
        changes: Files,
        *options: str,
        moved_on: Files | None = None,
        folder: str = "db/migrations",
        only: str = "history",
    ) -> pytest.RunResult:
        git(pytester.path, "init", "-q", "-b", "base")
        _commit(pytester.path, base)
        git(pytester.path, "branch", "work")
        if moved_on:
            _commit(pytester.path, moved_on)
        git(pytester.path, "checkout", "-q", "work")
        _write(pytester.path, changes)
        selected = ["-k", only] if only else []
        return pytester.runpytest(f"--migrations-dir={folder}", folder, "--migrations-since=base", *selected, *options)

    return run


def _write(root: Path, files: Files) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)


def _commit(root: Path, files: Files) -> None:
    _write(root, files)
    git(root, "add", "-f", "--", *files)
    git(root, "commit", "-qm", "more")


def plan(*lines: str) -> str:
    return "%project=app\n\n" + "".join(f"{line} {WHEN}\n" for line in lines)


def revision(name: str, down: object, body: str = "pass") -> str:
    return f"revision = {name!r}\ndown_revision = {down!r}\n\n\ndef upgrade():\n    {body}\n"


def atlas(**files: str) -> dict[str, str]:
    """Files of Atlas and their sum."""
    texts = {f"{name.removeprefix('v')}.sql": text for name, text in sorted(files.items())}
    hashed, lines = hashlib.sha256(), []
    for name, text in texts.items():
        hashed.update(name.encode() + text.encode())
        lines.append((name, base64.b64encode(hashed.digest()).decode()))
    total = base64.b64encode(hashlib.sha256("".join(map("".join, lines)).encode()).digest()).decode()
    texts["atlas.sum"] = f"h1:{total}\n" + "".join(f"{name} h1:{digest}\n" for name, digest in lines)
    return {f"db/migrations/{name}": text for name, text in texts.items()}


ENV = "from alembic import context\ncontext.configure()\ncontext.run_migrations()\n"
V1 = {"db/migrations/V1__a.sql": "CREATE TABLE a ();\n", "db/migrations/V2__b.sql": "CREATE TABLE b ();\n"}
TERN = "CREATE TABLE {{.name}} ();\n---- create above / drop below ----\nDROP TABLE {{.name}};\n"


@pytest.mark.parametrize(
    ("settings", "files", "folder"),
    [
        (
            {"flyway.toml": '[flyway.placeholders]\nname = "a"\n'},
            {"src/db/migrations/V1__a.sql": "CREATE TABLE ${name} ();\n"},
            "src/db/migrations",
        ),
        (
            {"db/sqitch.conf": "[core]\n engine = pg\n top_dir = migrations\n[deploy.variables]\n name = a\n"},
            {"db/migrations/sqitch.plan": plan("a"), "db/migrations/deploy/a.sql": "CREATE TABLE :name ();"},
            "db/migrations",
        ),
        ({"db/tern.conf": "[data]\nname = a\n"}, {"db/migrations/001_a.sql": TERN}, "db/migrations"),
        (
            {"app/alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n", "app/alembic/env.py": ENV},
            {"app/alembic/versions/a.py": revision("a", None)},
            "app/alembic/versions",
        ),
        (
            {"alembic.ini": "[alembic]\nscript_location = alembic\n", "alembic/env.py": ENV},
            {"alembic/versions/a.py": revision("a", None)},
            "alembic/versions",
        ),
        (
            {"alembic.ini": "[alembic]\nscript_location = since_app.db:alembic\n", "since_app/db/alembic/env.py": ENV},
            {"since_app/db/alembic/versions/a.py": revision("a", None)},
            ".",
        ),
    ],
    ids=["flyway", "sqitch", "tern", "alembic", "alembic in the root", "alembic in a package"],
)
def test_settings_above_the_folder_are_those_of_the_base(
    since: Since, settings: Files, files: Files, folder: str
) -> None:
    since({**settings, **files}, {}, folder=folder).assert_outcomes(passed=1)


def test_gmrc_of_the_base(since: Since) -> None:
    body = "CREATE TABLE :NAME ();"
    digest = hashlib.sha1(f"{body}\n".encode(), usedforsecurity=False).hexdigest()
    text = f"--! Previous: -\n--! Hash: sha1:{digest}\n\n{body}\n"
    files = {".gmrc": '{placeholders: {":NAME": "a"}}', "migrations/committed/000001.sql": text}
    since(files, {}, folder="migrations").assert_outcomes(passed=1)


def test_a_setting_that_the_branch_changes_edits_no_migration(since: Since) -> None:
    files = {"flyway.conf": "flyway.placeholders.name=a\n", "db/migrations/V1__a.sql": "CREATE TABLE ${name} ();\n"}
    since(files, {"flyway.conf": "flyway.placeholders.name=b\n"}).assert_outcomes(passed=1)


def test_what_the_branch_adds_above_the_folder_is_not_the_base(since: Since) -> None:
    """The base's files have no placeholder, and none of the settings turns them on or off."""
    files = {"db/migrations/V1__a.sql": "CREATE TABLE a ();\n"}
    changes = {"flyway.conf": "flyway.placeholderPrefix=CREATE\nflyway.placeholderSuffix=TABLE\n"}
    result = since(files, {**changes, "db/migrations/V1__a.sql": "SELECT 1;\n"})
    result.stdout.fnmatch_lines(["*V1__a.sql was edited since base*"])


def test_a_base_is_read_alone(since: Since, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies about where it is unpacked is none of its settings."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "flyway.conf").write_text("flyway.placeholders.name=a\n")
    (tmp_path / "alembic.ini").write_text("no ini file")
    result = since(
        {"migrations/V1__a.sql": "CREATE TABLE ${name} ();\n"},
        {"migrations/V1__a.sql": "SELECT 1;\n"},
        folder="migrations",
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --migrations-since: *:migrations/V1__a.sql:1:14: the placeholder name has no value"]
    )
    assert str(tmp_path) not in result.stderr.str()


def test_what_a_revision_of_the_base_imports_is_forgotten(
    since: Since, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(pytester.path / "nowhere"))
    ini = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = %(here)s\n"
    old = "import since_words\n" + revision("a", None, "since_words.b()")
    files = {"alembic.ini": ini, "alembic/env.py": ENV, "since_words.py": "b = print\n", "alembic/versions/a.py": old}
    words = "import since_words\n\ndef test_words():\n    assert 'pytest-migrations-' not in since_words.__file__\n"
    pytester.makepyfile(test_words=words)
    result = since(
        files,
        {"alembic/versions/a.py": revision("a", None)},
        "test_words.py",
        folder="alembic",
        only="words or history",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*a.py was edited since base*"])


def test_a_large_file_above_the_folder_is_no_setting(since: Since, pytester: pytest.Pytester) -> None:
    since({**V1, "dump.sql": "x" * 2_000_000}, {}).assert_outcomes(passed=1)


def test_a_link_to_another_folder(since: Since, pytester: pytest.Pytester) -> None:
    (pytester.path / "db/migrations").mkdir(parents=True)
    (pytester.path / "shared").mkdir()
    (pytester.path / "shared/a.sql").write_text("CREATE TABLE a ();\n")
    (pytester.path / "db/migrations/001_a.sql").symlink_to("../../shared/a.sql")
    (pytester.path / "db/migrations/notes").symlink_to("/nowhere")
    git(pytester.path, "init", "-q", "-b", "base")
    git(pytester.path, "add", "db", "shared")
    since({"db/migrations/002_b.sql": "SELECT 1;\n"}, {}, "--migrations-format=ours").assert_outcomes(passed=1)


LIQUIBASE = "--liquibase formatted sql\n--changeset a:1{}\nCREATE VIEW v AS SELECT 1 AS x;\n"
EDITED = LIQUIBASE.replace("SELECT 1", "SELECT 2")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (LIQUIBASE.format(""), EDITED.format(""), "*a.sql::a:1 was edited since base*"),
        (LIQUIBASE.format(" runOnChange:true"), EDITED.format(" runOnChange:true"), None),
        (LIQUIBASE.format(' runAlways:"true"'), EDITED.format(' runAlways:"true"'), None),
        (LIQUIBASE.format(""), EDITED.format(" runOnChange:true"), None),
        (LIQUIBASE.format(" runOnChange:true"), EDITED.format(""), "*a.sql::a:1 was edited since base*"),
        (LIQUIBASE.format(" runOnChange:false"), EDITED.format(" runOnChange:false"), "*was edited since base*"),
        (LIQUIBASE.format(""), EDITED.format("\n--validCheckSum: ANY"), None),
        (LIQUIBASE.format(""), "--liquibase formatted sql\n--changeset a:2\nSELECT 1;\n", "*a.sql::a:1 is gone*"),
    ],
)
def test_liquibase(since: Since, old: str, new: str, problem: str | None) -> None:
    result = since({"db/migrations/a.sql": old}, {"db/migrations/a.sql": new})
    result.assert_outcomes(passed=problem is None, failed=problem is not None)
    result.stdout.fnmatch_lines([problem] if problem else [])


def test_liquibase_knows_a_changeset_by_its_logical_path(since: Since) -> None:
    text = LIQUIBASE.format(" logicalFilePath:views")
    since({"db/migrations/a.sql": text}, {"db/migrations/a.sql": None, "db/migrations/b.sql": text}).assert_outcomes(
        passed=1
    )


def test_ids_of_liquibase_are_in_no_order(since: Since) -> None:
    base = {"db/migrations/a.sql": LIQUIBASE.format("")}
    theirs = {"db/migrations/b.sql": "--liquibase formatted sql\n--changeset b:9\nSELECT 1;\n"}
    ours = {"db/migrations/c.sql": "--liquibase formatted sql\n--changeset c:1\nSELECT 1;\n"}
    since(base, ours, moved_on=theirs).assert_outcomes(passed=1)


USERS = {
    "db/migrations/sqitch.conf": "[core]\n engine = pg\n",
    "db/migrations/sqitch.plan": plan("users", "mail", "@v1"),
    "db/migrations/deploy/users.sql": "CREATE TABLE users ();\n",
    "db/migrations/revert/users.sql": "DROP TABLE users;\n",
    "db/migrations/deploy/mail.sql": "CREATE TABLE mail ();\n",
}
REWORKED = {
    "db/migrations/sqitch.plan": plan("users", "mail", "@v1", "users [users@v1]"),
    "db/migrations/deploy/users@v1.sql": "CREATE TABLE users ();\n",
    "db/migrations/revert/users@v1.sql": "DROP TABLE users;\n",
    "db/migrations/deploy/users.sql": "ALTER TABLE users ADD id int;\n",
    "db/migrations/revert/users.sql": "ALTER TABLE users DROP id;\n",
}


def test_a_change_that_sqitch_reworks(since: Since) -> None:
    since(USERS, REWORKED, only="").assert_outcomes(passed=5, deselected=8)


def test_reworked_and_the_old_version_edited(since: Since) -> None:
    changes = {**REWORKED, "db/migrations/deploy/users@v1.sql": "CREATE TABLE users (a int);\n"}
    since(USERS, changes).stdout.fnmatch_lines(["*deploy/users@v1.sql was edited since base*"])


def test_reworked_twice(since: Since) -> None:
    again = {
        "db/migrations/sqitch.plan": plan("users", "mail", "@v1", "users [users@v1]", "@v2", "users [users@v2]"),
        "db/migrations/deploy/users@v2.sql": REWORKED["db/migrations/deploy/users.sql"],
        "db/migrations/revert/users@v2.sql": REWORKED["db/migrations/revert/users.sql"],
        "db/migrations/deploy/users.sql": "ALTER TABLE users ADD b int;\n",
        "db/migrations/revert/users.sql": "ALTER TABLE users DROP b;\n",
    }
    since({**USERS, **REWORKED}, again).assert_outcomes(passed=1)


def test_names_of_sqitch_are_in_no_order(since: Since) -> None:
    def with_(name: str) -> dict[str, str]:
        text = {f"db/migrations/deploy/{name}.sql": "SELECT 1;\n"}
        return {**text, "db/migrations/sqitch.plan": plan("users", "mail", "@v1", name)}

    since(USERS, with_("a"), moved_on=with_("z")).assert_outcomes(passed=1)


BASELINE = {"db/migrations/B2__all.sql": "CREATE TABLE a ();\nCREATE TABLE b ();\n"}
GONE = dict.fromkeys(V1)


@pytest.mark.parametrize(
    ("more", "changes", "problem"),
    [
        ({}, BASELINE, None),
        ({}, {**GONE, **BASELINE}, None),
        ({"db/migrations/V3__c.sql": "SELECT 1;\n"}, BASELINE, None),
        ({"db/migrations/V10.1__c.sql": "SELECT 1;\n"}, {**GONE, **BASELINE}, None),
        (BASELINE, GONE, None),
        ({}, GONE | {"db/migrations/V3__c.sql": "SELECT 1;\n"}, "*V1__a.sql is gone*"),
        (
            {"db/migrations/V3__c.sql": "SELECT 1;\n"},
            {**BASELINE, "db/migrations/V3__c.sql": None},
            "*V3__c.sql is gone*",
        ),
        ({}, {**BASELINE, "db/migrations/V1__a.sql": "SELECT 1;\n"}, "*V1__a.sql was edited*"),
        (BASELINE, {"db/migrations/V1__a.sql": "SELECT 1;\n"}, "*V1__a.sql was edited*"),
        (BASELINE, {"db/migrations/B2__all.sql": "SELECT 1;\n"}, "*B2__all.sql was edited*"),
        (BASELINE, {"db/migrations/B2__all.sql": None, "db/migrations/B10__all.sql": "SELECT 1;\n"}, None),
    ],
)
def test_a_baseline_of_flyway(since: Since, more: Files, changes: Files, problem: str | None) -> None:
    result = since({**V1, **more}, changes)
    result.assert_outcomes(passed=problem is None, failed=problem is not None)
    result.stdout.fnmatch_lines([problem] if problem else [])


def test_a_new_baseline_is_judged(since: Since) -> None:
    since(V1, BASELINE, only="").assert_outcomes(passed=2, skipped=3)


def test_a_file_that_flyway_finds_elsewhere(since: Since) -> None:
    moved = {"db/migrations/V1__a.sql": None, "db/migrations/2023/V1__a.sql": V1["db/migrations/V1__a.sql"]}
    since(V1, moved).assert_outcomes(passed=1)


def test_versions_of_flyway_are_numbers(since: Since) -> None:
    theirs, ours = {"db/migrations/V2.9__b.sql": "SELECT 1;\n"}, {"db/migrations/V2.10__c.sql": "SELECT 1;\n"}
    since(V1, ours, moved_on=theirs).assert_outcomes(passed=1)


A, B = "CREATE TABLE a ();\n", "CREATE TABLE b ();\n"
CHECKPOINT = f"-- atlas:checkpoint\n\n{A}{B}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (atlas(v1_a=A, v2_b=B), atlas(v1_a=A, v2_b=B, v3_all=CHECKPOINT), None),
        (
            atlas(v1_a=A, v2_b=B),
            {**atlas(v3_all=CHECKPOINT), "db/migrations/1_a.sql": None, "db/migrations/2_b.sql": None},
            None,
        ),
        (atlas(v1_a=A, v2_b=B), atlas(v1_a="SELECT 1;\n", v2_b=B, v3_all=CHECKPOINT), "*1_a.sql was edited*"),
        (atlas(v1_a=A, v3_all=CHECKPOINT), atlas(v1_a=A, v3_all=CHECKPOINT + A), "*3_all.sql was edited*"),
        (
            atlas(v1_a=A, v4_b=B),
            {**atlas(v1_a=A, v3_all=CHECKPOINT), "db/migrations/4_b.sql": None},
            "*4_b.sql is gone*",
        ),
    ],
)
def test_a_checkpoint_of_atlas(since: Since, old: Files, new: Files, problem: str | None) -> None:
    result = since(old, new)
    result.assert_outcomes(passed=problem is None, failed=problem is not None)
    result.stdout.fnmatch_lines([problem] if problem else [])


ALEMBIC = {"alembic/env.py": ENV, "alembic/versions/r.py": revision("f0", None)}


def test_a_revision_in_a_file_of_another_name(since: Since) -> None:
    moved = {"alembic/versions/r.py": None, "alembic/versions/2024_r.py": revision("f0", None)}
    since(ALEMBIC, moved, folder="alembic").assert_outcomes(passed=1)


def test_revisions_are_in_the_order_of_their_graph(since: Since) -> None:
    theirs = {"alembic/versions/t.py": revision("f1", "f0")}
    ours = {"alembic/versions/o.py": revision("a1", "f0")}
    since(ALEMBIC, ours, folder="alembic", moved_on=theirs).assert_outcomes(passed=1)


def test_a_revision_beside_those_of_the_base(since: Since) -> None:
    base = {**ALEMBIC, "alembic/versions/t.py": revision("f1", "f0"), "alembic/versions/u.py": revision("f2", "f1")}
    ours = {"alembic/versions/o.py": revision("a1", "f0"), "alembic/versions/m.py": revision("m", ("a1", "f2"))}
    since(base, ours, folder="alembic").assert_outcomes(passed=1)


def test_a_revision_that_was_put_before_one_of_the_base(since: Since) -> None:
    base = {**ALEMBIC, "alembic/versions/t.py": revision("f1", "f0")}
    ours = {"alembic/versions/o.py": revision("a1", "f0"), "alembic/versions/t.py": revision("f1", "a1")}
    since(base, ours, folder="alembic").stdout.fnmatch_lines(["*t.py was edited since base*"])


def test_an_edit_that_graphile_migrate_is_told_of(since: Since) -> None:
    digest = hashlib.sha1(A.encode(), usedforsecurity=False).hexdigest()
    header = f"--! Previous: -\n--! Hash: sha1:{digest}\n"
    old, new = {"db/committed/000001.sql": f"{header}\n{A}"}, f"{header}--! AllowInvalidHash\n\n{B}"
    since(old, {"db/committed/000001.sql": new}, folder="db").assert_outcomes(passed=1)


def test_a_long_history_costs_little(since: Since, pytester: pytest.Pytester) -> None:
    """Less than a second of this process for 285 migrations, of which the branch adds the last."""
    files = {f"db/migrations/{n:03}_t.sql": f"CREATE TABLE t{n} (id int);\n" * 10 for n in range(285)}
    since(files, {"db/migrations/285_t.sql": "CREATE TABLE u ();\n"}, "--collect-only")
    arguments = ["--migrations-dir=db/migrations", "db/migrations", "-k", "285_t", "--collect-only"]

    def took(*more: str) -> float:
        started = time.process_time()
        pytester.runpytest(*arguments, *more)
        return time.process_time() - started

    took()
    assert took("--migrations-since=base") < took() + 1
