"""Everything in one file, and back as it was, or not at all."""

import struct
import zipfile
from datetime import UTC, date, datetime

import orjson
import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.management import CommandError

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory
from currencies.models import Currency, CurrencyRate
from finances import marked
from finances.models import Generation
from operations.backups import archive, tables
from operations.models import DueTime, Run
from operations.tests.upkeep.backing_up import backup, checksums, everything, restore
from operations.tests.upkeep.household import LARGEST, TO_THE_MICROSECOND
from portfolio import stamps
from securities.models import Security, SecurityPrice
from securities.tests.factories import SecurityPriceFactory
from users.models import TokenFamily, User

pytestmark = pytest.mark.django_db(transaction=True)
SHOWN = (Currency, Security)


def rewritten(path, target, *, change):
    """Copy a backup, with what ``change`` makes of each of its files; None leaves it out."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def with_manifest(path, target, **values):
    def change(name, content):
        return orjson.dumps({**orjson.loads(content), **values}) if name == "manifest.json" else content

    return rewritten(path, target, change=change)


def test_what_is_lost_comes_back_as_it_was(made, tmp_path):
    before = everything()
    Security.objects.all().update(name="Overwritten")
    User.objects.all().delete()
    SecurityPrice.objects.all().delete()

    told = restore(made, force=True)

    assert everything() == before
    assert "tables are as they were" in told
    backup(tmp_path / "again.zip")
    assert checksums(tmp_path / "again.zip") == checksums(made)


def test_what_was_due_and_not_done_when_the_backup_was_made_is_due_again(household, tmp_path):
    """The queue is in no backup: of what waited, ran, failed or stood behind another, nothing else would be left."""
    outcomes = {"done": "succeeded", "in part": "partly", "ran": "running", "failed": "failed"}
    for name in (*outcomes, "waited"):
        DueTime.objects.create(name=name, due_at=datetime(2026, 10, 30, tzinfo=UTC), taken_by="x", task_id=f"of {name}")
    DueTime.objects.create(name="behind another", due_at=datetime(2026, 10, 31, tzinfo=UTC), taken_by="x")
    for name, outcome in outcomes.items():
        Run.objects.create(name=name, outcome=outcome, task_id=f"of {name}")
    Run.objects.create(name="by hand", outcome="succeeded")
    backup(tmp_path / "finances.zip")

    restore(tmp_path / "finances.zip", force=True)

    assert set(DueTime.objects.values_list("name", flat=True)) == {"done", "in part"}


def test_values_are_exact(made, household):
    restore(made, force=True)

    value = AccountValue.objects.get(timestamp=TO_THE_MICROSECOND)
    assert (value.value, value.cash_balance) == (LARGEST, None)
    assert str(SecurityPrice.objects.order_by("timestamp").first().close) == "118.6900000001"
    assert str(CurrencyRate.objects.filter(target="USD").first().rate) == "1.123456789012"
    assert Account.objects.get(name="Chequing").description == "€, 🏠 and\nlines"
    restored = User.objects.get()
    assert (restored.pk, restored.password, restored.created_at, restored.updated_at) == (
        household.pk,
        household.password,
        household.created_at,
        household.updated_at,
    )
    assert restored.groups.get().name == "Helpers"


def test_history_is_as_it_was_and_nothing_is_added_to_it(made):
    before = list(Holding.history.values_list("history_id", "history_type", "history_date", "quantity"))

    restore(made, force=True)

    assert list(Holding.history.values_list("history_id", "history_type", "history_date", "quantity")) == before
    assert [record.history_type for record in Account.history.filter(name="Sold")] == ["-", "+"]


def test_new_rows_are_numbered_after_those_restored(made):
    newest = max(Account.history.values_list("history_id", flat=True))

    restore(made, force=True)
    account = AccountFactory()
    price = SecurityPriceFactory()

    assert account.history.get().history_id > newest
    assert price.pk == max(SecurityPrice.objects.values_list("pk", flat=True))


def test_sessions_are_neither_in_the_backup_nor_left_after_a_restore(made):
    assert TokenFamily.objects.exists()

    restore(made, force=True)

    assert "users.tokenfamily" not in checksums(made)
    assert not TokenFamily.objects.exists()


def test_what_was_computed_before_is_not_found_after(made, household):
    state = stamps.state_of(household, currency="CAD")
    shown = marked.state_of(household, shown_with=SHOWN)
    versions = dict(Security.objects.values_list("symbol", "prices_version"))
    caches["default"].set("kept", "figures")

    restore(made, force=True)

    assert stamps.state_of(household, currency="CAD") != state
    assert not {*map(str, marked.state_of(household, shown_with=SHOWN))} & {*map(str, shown)}
    assert caches["default"].get("kept") is None
    assert all(security.prices_version > versions[security.symbol] for security in Security.objects.all())
    assert Generation.objects.filter(name="rates/EUR").exists()


def test_a_sync_that_was_under_way_is_not_under_way_in_the_restored_database(household, tmp_path):
    Security.objects.filter(symbol="BRK-B").update(sync_started_at=datetime(2026, 10, 1, tzinfo=UTC))
    backup(tmp_path / "finances.zip")

    restore(tmp_path / "finances.zip", force=True)

    assert Security.objects.get(symbol="BRK-B").sync_started_at is None


def test_people_and_prices_are_not_replaced_unless_it_is_said(made):
    with pytest.raises(CommandError, match="holds people and prices; all of it would be replaced"):
        restore(made)

    assert User.objects.count() == 1


def test_an_empty_database_is_filled_without_asking(made):
    before = everything()
    SecurityPrice.objects.all().delete()
    User.objects.all().delete()

    restore(made)

    assert everything() == before


def test_a_dry_run_reads_everything_and_changes_nothing(made):
    Account.objects.filter(name="Chequing").update(name="Renamed")
    before, sessions = everything(), list(TokenFamily.objects.all())

    told = restore(made, force=True, dry_run=True)

    assert told.startswith("Dry run, nothing is kept:")
    assert everything() == before
    assert list(TokenFamily.objects.all()) == sessions


def test_rows_that_came_after_a_backup_do_not_stand_in_the_way_after_a_dry_run(made):
    """PostgreSQL takes no sequence back with its transaction."""
    price = SecurityPrice.objects.order_by("-pk").first()
    late = [SecurityPriceFactory(security=price.security, timestamp=datetime(2030, 1, n, tzinfo=UTC)) for n in (1, 2)]

    restore(made, force=True, dry_run=True)

    assert SecurityPriceFactory(security=price.security, timestamp=datetime(2030, 1, 3, tzinfo=UTC)).pk > late[-1].pk


@pytest.mark.parametrize(("word", "value"), [("made_at", "x\n2nd line"), ("project_version", "\x1b]0;pwn\x07")])
def test_words_that_would_write_on_a_terminal_are_refused(made, tmp_path, word, value):
    with pytest.raises(CommandError, match="its manifest holds what no program writes there"):
        restore(with_manifest(made, tmp_path / "odd.zip", **{word: value}), force=True)


@pytest.mark.parametrize("left", [0.0, 0.3, 0.99])
def test_a_part_of_a_backup_is_refused(made, tmp_path, left):
    content = made.read_bytes()
    part = tmp_path / "part.zip"
    part.write_bytes(content[: int(len(content) * left)])
    before = everything()

    with pytest.raises(CommandError, match="This is no whole backup"):
        restore(part, force=True)

    assert everything() == before


def test_one_wrong_bit_is_noticed(made, tmp_path):
    with zipfile.ZipFile(made) as packed:
        member = packed.getinfo("tables/accounts.account.jsonl")
    content = bytearray(made.read_bytes())
    # Behind the header of the file within, of 30 bytes and its name and more; what is wrong in there changes nothing.
    lengths = content[member.header_offset + 26 : member.header_offset + 30]
    begin = member.header_offset + 30 + sum(struct.unpack("<HH", lengths))
    content[begin + member.compress_size // 2] ^= 1
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    before = everything()

    with pytest.raises(CommandError, match=r"no whole backup|damaged"):
        restore(damaged, force=True)

    assert everything() == before


def test_rows_that_were_edited_are_noticed(made, tmp_path):
    def change(name, content):
        return content.replace(b"Chequing", b"Chequers") if name.endswith("accounts.account.jsonl") else content

    edited = rewritten(made, tmp_path / "edited.zip", change=change)
    before = everything()

    with pytest.raises(CommandError, match=r"damaged: accounts.account has other rows .* SHA-256"):
        restore(edited, force=True)

    assert everything() == before


def test_a_table_that_is_missing_is_noticed(made, tmp_path):
    def change(name, content):
        return None if name.endswith("accounts.account.jsonl") else content

    with pytest.raises(CommandError, match="names other tables than there are in it"):
        restore(rewritten(made, tmp_path / "less.zip", change=change), force=True)


def test_a_later_format_is_refused(made, tmp_path):
    with pytest.raises(CommandError, match=r"has format 2; this version of Finances reads format 1\."):
        restore(with_manifest(made, tmp_path / "later.zip", format_version=2), force=True)


def test_another_state_of_migrations_is_refused(made, tmp_path):
    with made.open("rb") as file, archive.opened(file) as opened:
        migrations = {app: list(names) for app, names in opened.manifest.migrations.items()}
    migrations["accounts"].append("0099_later")
    later = with_manifest(made, tmp_path / "later.zip", migrations=migrations)

    with pytest.raises(CommandError) as refused:
        restore(later, force=True)

    assert "The backup was made with accounts at 0099_later" in str(refused.value)
    assert f"Restore it with version {settings.VERSION} of Finances" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3", b'{"format": "finances-backup"}'])
def test_another_file_is_refused(tmp_path, content):
    other = tmp_path / "other"
    other.write_bytes(content)

    with pytest.raises(CommandError, match="This is no whole backup"):
        restore(other)


def test_another_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("holiday.txt", "Sun.")

    with pytest.raises(CommandError, match="it has no manifest"):
        restore(tmp_path / "other.zip")


def test_a_row_that_breaks_a_rule_undoes_all(made, tmp_path):
    with made.open("rb") as file, archive.opened(file) as opened:
        manifest = opened.manifest
        lines = {
            table.name: [orjson.dumps(row) for row in opened.rows(table, advance=lambda _: None)]
            for table in manifest.tables
        }
    lines["accounts.account"] = [line.replace(b'"margin"', b'"piggy"') for line in lines["accounts.account"]]
    forged = tmp_path / "forged.zip"
    with forged.open("wb") as file:
        writer = archive.Writer(file, made_at=datetime(2026, 1, 1, tzinfo=UTC))
        written = [
            writer.add(table.name, table.columns, lines[table.name], advance=lambda _: None)
            for table in manifest.tables
        ]
        writer.finish(archive.Manifest("0", "2026", "sqlite", manifest.migrations, tuple(written)))
        writer.close()
    before = everything()

    with pytest.raises(
        CommandError, match=r"does not take what the backup has in accounts.account: .*account_type_known"
    ):
        restore(forged, force=True)

    assert everything() == before


def test_a_backup_is_for_its_owner_alone_and_leaves_no_parts(made, tmp_path):
    assert made.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["finances.zip"]


def test_a_backup_does_not_overwrite_a_file_unless_it_is_said(made, household):
    content = made.read_bytes()
    AccountFactory(user=household)

    with pytest.raises(CommandError, match=r"There is a .*finances.zip already"):
        backup(made)

    assert made.read_bytes() == content
    backup(made, force=True)
    assert checksums(made)["accounts.account"][0] == 4


def test_a_backup_that_fails_leaves_nothing(household, tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        backup(tmp_path / "no such folder" / "finances.zip")

    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_of_a_backup_leaves_nothing(household, tmp_path):
    told = backup(tmp_path / "finances.zip", dry_run=True)

    assert told.startswith("Dry run, nothing is kept:")
    assert list(tmp_path.iterdir()) == []


def test_every_table_is_in_the_backup_but_those_that_are_left_out(made):
    known = {tables.label(model) for model in tables.ordered()}
    installed = {config.label for config in apps.get_app_configs()}

    assert {name for name in tables.LEFT_OUT if name.partition(".")[0] in installed} < known
    assert set(checksums(made)) == known - set(tables.LEFT_OUT)
    assert {"accounts.historicalholding", "securities.securityprice", "users.user_groups"} < set(checksums(made))


def test_days_are_days(made):
    restore(made, force=True)

    assert CurrencyRate.objects.order_by("date").values_list("date", flat=True).first() == date(2026, 10, 1)
