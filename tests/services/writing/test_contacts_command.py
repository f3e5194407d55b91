"""``manage.py contacts``: create, edit and import from the console."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.models import Connection, Edit, Import
from integrations.services.writing.imports import jobs
from tests.services.writing.fixtures_of_edits import Desk


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("contacts", *arguments, stdout=output)
    return output.getvalue()


def test_a_contact_is_created_and_changed_from_the_console(desk: Desk) -> None:
    run("create", "--set", "email=cli@example.com", "--set", "City=Bonn")
    [made] = desk.with_address("cli@example.com")
    told = run("edit", "CLI@example.com", "--set", "city=Köln")

    assert made in told
    assert desk.there(made)["city"] == "Köln"
    assert "unchanged" in run("edit", made, "--set", "city=Köln")


def test_a_dry_run_sends_nothing(desk: Desk, tmp_path: Path) -> None:
    item = desk.item()
    file = tmp_path / "a.csv"
    file.write_text(f"Email,City\nnew@example.com,Bonn\n{item.properties['email']},Q\n")

    told = run("create", "--dry-run", "--set", "email=cli@example.com")
    told += run("edit", item.remote_id, "--dry-run", "--set", "city=Q")
    told += run("import", str(file), "--dry-run")

    assert ("'Q'" in told, "new: 1" in told, "changed: 1" in told) == (True,) * 3
    assert desk.sandbox.log == []
    assert not Edit.objects.exists()
    assert not Import.objects.exists()


def test_a_file_is_imported_and_what_was_refused_fails_the_command(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Contact;Town\nnew@example.com;Bonn\nnobody;Bonn\n")
    output = io.StringIO()

    with pytest.raises(CommandError, match="1"):
        call_command(
            *("contacts", "import", str(file)),
            *("--map", "Contact=email", "--map", "Town=City"),
            stdout=output,
        )

    assert len(desk.with_address("new@example.com")) == 1
    assert "row 3: Contact" in output.getvalue()


def test_an_import_is_taken_back_from_the_console(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Email,City\nnew@example.com,Bonn\n")
    run("import", str(file))
    source = Import.objects.get()

    asked = run("undo", str(source.pk), "--dry-run")
    assert len(desk.with_address("new@example.com")) == 1
    done = run("undo", str(source.pk))

    assert ("archive: 1" in asked, "saved: 1" in done) == (True, True)
    assert not desk.items_with("new@")
    with pytest.raises(CommandError):
        run("undo", str(source.pk))


@pytest.mark.parametrize(
    "arguments",
    [
        ["create", "--set", "city=Bonn"],
        ["create", "--set", "email"],
        ["create", "--set", "nonsense=1", "--set", "email=a@b.example"],
        ["create", "--set", "email=nobody"],
        ["edit", "404", "--set", "city=Bonn"],
        ["edit", "404", "--set", "city=Bonn", "--user", "nobody@example.com"],
        ["import", "/no/such/file.csv"],
        ["undo", "00000000-0000-4000-8000-000000000000"],
    ],
)
def test_what_cannot_be_done_fails_and_sends_nothing(
    desk: Desk, arguments: list[str]
) -> None:
    with pytest.raises(CommandError):
        run(*arguments)

    assert not Edit.objects.exists()


def test_what_the_provider_refuses_fails_with_its_field(desk: Desk) -> None:
    desk.sandbox.client.switch("required_properties", ["city"])

    with pytest.raises(CommandError, match="city"):
        run("create", "--set", "email=cli@example.com")


def test_a_contact_that_is_there_already_is_not_created(desk: Desk) -> None:
    item = desk.item()

    with pytest.raises(CommandError, match=item.remote_id):
        run("create", "--set", f"email={item.properties['email']}")


def test_editing_that_is_off_is_said(desk: Desk) -> None:
    Connection.objects.update(is_editing=False)

    with pytest.raises(CommandError, match="editing is off"):
        run("edit", desk.item().remote_id, "--set", "city=Bonn")


def test_names_of_strangers_do_not_steer_the_terminal(desk: Desk) -> None:
    item = desk.item()
    desk.finish(desk.update(item, city="\x1b[31mred"))

    told = run("edit", item.remote_id, "--dry-run", "--set", "city=Bonn")

    assert "\x1b" not in told


@pytest.mark.parametrize("error", [CommandError, KeyboardInterrupt])
def test_a_file_that_is_not_imported_is_not_kept(
    desk: Desk,
    tmp_path: Path,
    error: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Email,Town\nnew@example.com,Bonn\n")
    name = "nonsense" if error is CommandError else "city"

    def stop(source: Import) -> bool:
        raise error

    monkeypatch.setattr(jobs, "start_check", stop)
    with pytest.raises(error):
        run("import", str(file), "--map", f"Town={name}")

    assert not Import.objects.exists()
