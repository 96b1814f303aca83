"""Tables that have partitions or are inherited from: what a statement does to one of them reaches the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.derive.conftest import tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.catalog.conftest import Server

_STAGE = """
create table r (id int primary key);
create function trg() returns trigger language plpgsql as 'begin return new; end';
create table p (id int, k int) partition by list (id);
create table p1 partition of p for values in (1);
create table p2 (id int, k int);
create table sub (id int, k int) partition by list (id);
create table sub_9 partition of sub for values in (9);
create table a (x int, y int);
create table b (z int) inherits (a);
create table c () inherits (b);
"""


class Case(NamedTuple):
    """A script, what there is before it, and how it is undone (None: the words do not matter)."""

    script: str
    stage: str = ""
    back: str | None = None


_ATTACH = "alter table p attach partition p2 for values in (2)"
_ATTACH_SUB = "alter table p attach partition sub for values in (9)"
_ADOPTED = "create table n (id int, k int) partition by list (id); alter table n attach partition p2 for values in (2)"
_UNDONE = {
    "index dropped": Case(
        "drop index pi",
        "create index pi on p (k); comment on index p1_k_idx is 'p1'",
        "CREATE INDEX pi ON ONLY public.p USING btree (k);\n"
        "CREATE INDEX p1_k_idx ON public.p1 USING btree (k);\n"
        "ALTER INDEX public.pi ATTACH PARTITION public.p1_k_idx;\n"
        "COMMENT ON INDEX public.p1_k_idx IS 'p1';",
    ),
    "index of partitions of partitions dropped": Case("drop index pi", f"{_ATTACH_SUB}; create index pi on p (k)"),
    "index dropped that was named otherwise": Case(
        "drop index pi", "create index pi on p (k); alter index p1_k_idx rename to other"
    ),
    "primary key dropped": Case(
        "alter table p drop constraint p_pkey",
        "alter table p add primary key (id); alter table p1 rename constraint p1_pkey to other",
    ),
    "primary key of partitions of partitions dropped": Case(
        "alter table p drop constraint p_pkey", f"{_ATTACH_SUB}; alter table p add primary key (id)"
    ),
    "primary key and not null of partitions dropped": Case(
        "alter table p drop constraint p_pkey, alter id drop not null", "alter table p add primary key (id)"
    ),
    "primary key and not null of one with children dropped": Case(
        "alter table a drop constraint a_pkey, alter x drop not null", "alter table a add primary key (x)"
    ),
    "unique constraint dropped": Case(
        "alter table p drop constraint u", "alter table p add constraint u unique (id, k)"
    ),
    "foreign key dropped": Case(
        "alter table p drop constraint f", "alter table p add constraint f foreign key (k) references r"
    ),
    "attached to a foreign key": Case(_ATTACH, "alter table p add foreign key (k) references r"),
    "attached to a new foreign key": Case(f"alter table p add foreign key (k) references r; {_ATTACH}"),
    "attached with a foreign key of its own": Case(
        _ATTACH, "alter table p add foreign key (k) references r; alter table p2 add foreign key (k) references r"
    ),
    "attached with one foreign key of two": Case(
        _ATTACH,
        "alter table p add constraint f foreign key (k) references r, add constraint g foreign key (id) references r; "
        "alter table p2 add constraint f foreign key (id) references r",
    ),
    "attached with partitions": Case(
        _ATTACH_SUB,
        "alter table p add foreign key (k) references r; create index on p (k); alter table p add unique (id)",
    ),
    "attached to new indexes": Case(f"create index pk on p (k); create unique index pu on p (id); {_ATTACH}"),
    "attached with a new index to a new index": Case(
        f"create index p2k on p2 (k); create index pk on p (k); {_ATTACH}"
    ),
    "attached with an index to a new index": Case(f"create index pk on p (k); {_ATTACH}", "create index p2k on p2 (k)"),
    "attached to a new primary key": Case(
        f"alter table p add primary key (id); alter table p2 alter id set not null; {_ATTACH}"
    ),
    "attached and detached": Case(
        f"{_ATTACH}; alter table p detach partition p2",
        "create index pk on p (k); alter table p add foreign key (k) references r",
    ),
    "attached to a new table": Case(
        "create table n (id int, k int) partition by list (id); create index on n (k); "
        "alter table n attach partition p2 for values in (2)"
    ),
    "detached": Case(
        "alter table p detach partition p1",
        "alter table p add foreign key (k) references r; create index on p (k); alter table p add primary key (id); "
        "create trigger g after insert on p for each row execute function trg()",
    ),
    "not null": Case("alter table p alter k set not null"),
    "not null above": Case("alter table a alter x set not null"),
    "null": Case("alter table a alter x drop not null", "alter table a alter x set not null"),
    "null with a name": Case(
        "alter table n alter x drop not null",
        "create table n (x int constraint nn not null); create table m () inherits (n)",
    ),
    "null with an odd name": Case(
        "alter table n alter x drop not null; alter domain dom drop not null",
        'create table n (x int constraint "Odd N" not null); create domain dom as int constraint "Odd N" not null',
    ),
    "null above one that is not null itself": Case(
        "alter table a alter x drop not null", "alter table b alter x set not null; alter table a alter x set not null"
    ),
    "not null above one that is not null": Case(
        "alter table a alter x set not null", "alter table b alter x set not null"
    ),
    "default above": Case("alter table a alter x set default 5", "alter table b alter x set default 3"),
    "column with a check of another": Case("alter table p2 add z int check (k > 0) check (k > z)"),
    "column above one of that name": Case("alter table a add z int"),
    "check above one of that name": Case(
        "alter table a add constraint k check (x > 0)", "alter table b add constraint k check (x > 0)"
    ),
    "check dropped above one of that name": Case(
        "alter table a drop constraint k",
        "alter table b add constraint k check (x > 0); alter table a add constraint k check (x > 0)",
    ),
    "check that is not inherited": Case("alter table a add constraint k check (x > 0) no inherit"),
    "inherits": Case(
        "alter table q inherit a",
        "alter table a add check (x > 0); create table q (x int check (x > 0), y int); "
        "alter table q rename constraint q_x_check to a_x_check",
    ),
    "trigger dropped": Case(
        "drop trigger g on p", "create trigger g after insert on p for each row execute function trg()"
    ),
    "triggers of a table and its partition": Case(
        "drop trigger g on p; alter table p1 disable trigger g",
        "create trigger g after insert on p execute function trg(); "
        "create trigger g after insert on p1 execute function trg()",
    ),
    "trigger dropped that a partition has disabled": Case(
        "drop trigger g on p",
        "create trigger g after insert on p for each row execute function trg(); alter table p1 disable trigger g",
    ),
    "detached with a trigger that is disabled": Case(
        "alter table p detach partition p1",
        "create trigger g after insert on p for each row execute function trg(); alter table p1 disable trigger g",
    ),
    "detached from one whose trigger is disabled": Case(
        "alter table p detach partition p1",
        "create trigger g after insert on p for each row execute function trg(); alter table only p disable trigger g",
    ),
    "detached with partitions and triggers that are disabled": Case(
        "alter table p detach partition sub",
        f"{_ATTACH_SUB}; create trigger g after insert on p for each row execute function trg(); "
        "alter table sub disable trigger g; alter table sub_9 enable replica trigger g",
    ),
    "trigger disabled for a partition": Case(
        "alter table p1 disable trigger g", "create trigger g after insert on p for each row execute function trg()"
    ),
    "trigger that is disabled, but not for a partition": Case(
        "alter table p1 enable trigger g",
        "create trigger g after insert on p for each row execute function trg(); alter table p disable trigger g",
    ),
    "trigger disabled": Case(
        "alter table p disable trigger g",
        f"{_ATTACH_SUB}; create trigger g after insert on p for each row execute function trg(); "
        "alter table p1 enable replica trigger g; alter table sub_9 disable trigger g",
    ),
    "all triggers disabled": Case(
        "alter table p disable trigger all",
        "alter table p add foreign key (k) references r; "
        "create trigger g after insert on p for each row execute function trg(); alter table p1 disable trigger g; "
        "create trigger h after insert on p1 for each row execute function trg(); alter table p1 disable trigger h",
    ),
    "renamed and moved": Case(
        "alter table p rename to q; alter table q rename k to l; create schema n; alter table q set schema n; "
        "alter table p1 set schema n",
        "create index on p (k)",
    ),
    "view with a rule": Case(
        "drop view v",
        "create view v with (security_barrier, check_option = local) as select id from r where id > 0; "
        "create rule u as on insert to v do instead nothing; "
        "create trigger g instead of delete on v for each row execute function trg(); "
        "alter view v alter id set default 5; comment on rule u on v is 'u'; comment on column v.id is 'c'; "
        "grant select (id) on v to reader",
    ),
    "views that need each other": Case(
        "drop view v, w", "create view w as select id from r; create view v as select id from w"
    ),
    "views that need each other, named otherwise": Case(
        "drop view v, w", "create view v as select id from r; create view w as select id from v"
    ),
    "keys of partitions that need each other": Case(
        "alter table p drop constraint f, drop constraint p_pkey",
        "alter table p add primary key (id), add constraint f foreign key (k) references p",
    ),
    "null in partitions": Case("alter table p alter k drop not null", "alter table p alter k set not null"),
    "null beside another that is inherited": Case(
        "alter table a alter x drop not null",
        "create table a2 (x int); alter table b inherit a2; alter table a alter x set not null; "
        "alter table a2 alter x set not null",
    ),
    "keys that need each other": Case(
        "alter table r drop constraint a_key, drop constraint r_pkey",
        "alter table r add parent int constraint a_key references r",
    ),
    "index of a materialized view": Case(
        "drop index mi",
        "create materialized view m as select id from r; create unique index mi on m (id); cluster m using mi",
    ),
}
_MISSING = {
    "attached to a foreign key that is dropped": Case(
        f"{_ATTACH}; alter table p drop constraint f",
        "alter table p add constraint f foreign key (k) references r",
        "f on public.p2 came with what is dropped, and would come with it again",
    ),
    "attached to an index that is dropped": Case(
        f"{_ATTACH}; drop index pk",
        "create index pk on p (k)",
        "public.p2_k_idx came with what is dropped, and would come with it again",
    ),
    "new table is altered that others were attached to": Case(
        f"{_ADOPTED}; alter table n add check (k > 0)",
        "",
        "what it does to public.n goes on to tables that this script has not made",
    ),
    "new table gets an index that others were attached to": Case(
        f"{_ADOPTED}; create index on n (k)",
        "",
        "what it does to public.n goes on to tables that this script has not made",
    ),
    "new table is dropped that others were attached to": Case(
        f"{_ADOPTED}; drop table n",
        "",
        "what it does to public.n goes on to tables that this script has not made",
    ),
    "detached with a copy of a trigger that has a comment": Case(
        "alter table p detach partition p1",
        "create trigger g after insert on p for each row execute function trg(); comment on trigger g on p1 is 'g'",
        "g on public.p1, a copy of a trigger, had a comment",
    ),
    "detached with two indexes that are alike": Case(
        "alter table p detach partition p1",
        "create index on p1 (k); create index pi on p (k); create index on p1 (k)",
        "to attach public.p1 again may make another of its indexes part of public.pi",
    ),
    "index that became part of a new one": Case(
        "create index pi on only p (k); alter index pi attach partition p1k",
        "create index p1k on p1 (k)",
        "public.p1k is part of public.pi for good",
    ),
    "key that became part of a new one": Case(
        "alter table only p add constraint pu unique (id); alter index pu attach partition p1u",
        "alter table p1 add constraint p1u unique (id)",
        "p1u on public.p1 is part of pu on public.p for good",
    ),
    "check dropped above alone": Case(
        "alter table only a drop constraint k",
        "alter table a add constraint k check (x > 0)",
        "k on public.b is its own now",
    ),
    "new column dropped above alone": Case(
        "alter table a add n int; alter table only a drop n", "", "public.b.n is its own now"
    ),
    "check of its own beside the inherited one": Case(
        "alter table b add constraint k check (x > 0)",
        "alter table a add constraint k check (x > 0)",
        "k on public.b is its own now",
    ),
}


_NAMED = {
    "new column that is not null above one of that name": Case(
        "alter table a add z int not null default 1",
        "",
        "public.b.z keeps the NOT NULL of the new column above it for good",
    ),
    "null in a partition that was attached": Case(
        "alter table p alter k drop not null",
        f"alter table p alter k set not null; alter table p2 alter k set not null; {_ATTACH}",
        "the NOT NULL of public.p2.k had another name than that of public.p",
    ),
    "not null that is inherited becomes one of its own": Case(
        "alter table b alter x set not null",
        "alter table a alter x set not null",
        "the NOT NULL of public.b.x is another one",
    ),
}
_UNNAMED = {
    "not null where some partitions are": Case(
        "alter table p alter k set not null",
        "alter table p1 alter k set not null",
        "public.p.k is NOT NULL now as it was in some partitions, which would lose it",
    ),
}


@pytest.fixture(scope="module")
def staged(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with server.fresh() as connection:
        connection.execute(_STAGE)
        yield connection


@pytest.fixture
def connection(staged: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """In a transaction of which nothing is kept."""
    with staged.transaction(force_rollback=True):
        yield staged


@pytest.mark.parametrize("case", _UNDONE.values(), ids=_UNDONE)
def test_a_statement_is_undone(connection: psycopg.Connection[Any], case: Case) -> None:
    connection.execute(case.stage.encode())
    trial = tried(connection, case.script)
    assert trial.reasons == []
    assert not trial.wrong, trial.sql
    assert case.back in (None, trial.sql)


def test_a_primary_key_leaves_children_as_they_are(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version >= 180000:
        pytest.skip("from PostgreSQL 18 on a primary key wants children to be NOT NULL as well")
    connection.execute("alter table only a add primary key (x)")
    trial = tried(connection, "alter table a drop constraint a_pkey")
    assert trial.sql == "ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (x);"
    assert not trial.wrong


@pytest.mark.parametrize("case", _MISSING.values(), ids=_MISSING)
def test_it_is_said_what_is_missing(connection: psycopg.Connection[Any], case: Case) -> None:
    connection.execute(case.stage.encode())
    assert case.back in tried(connection, case.script).reasons


@pytest.mark.parametrize(
    ("case", "is_named"),
    [(c, True) for c in _NAMED.values()] + [(c, False) for c in _UNNAMED.values()],
    ids=[*_NAMED, *_UNNAMED],
)
def test_a_not_null_has_a_name_from_18_on(connection: psycopg.Connection[Any], case: Case, is_named: bool) -> None:
    connection.execute(case.stage.encode())
    trial = tried(connection, case.script)
    if is_named == (connection.info.server_version >= 180000):
        assert case.back in trial.reasons
    else:
        assert trial.reasons == []
        assert not trial.wrong
