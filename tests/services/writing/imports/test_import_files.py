"""A file is read or refused with a reason, in a time that its size allows."""

import time

import pytest
from django.db import connection as database

from integrations.models import Import
from integrations.models.writing.import_texts import file_text
from integrations.providers import CONNECTORS
from integrations.services.writing.imports import csv_file, formats, mapping, uploads
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.imports.fixtures_of_imports import to_csv, upload
from tests.support.rows import NOON


def test_a_line_of_nothing_but_delimiters_is_refused_at_once() -> None:
    began = time.process_time()

    for data in (b"," * 20_000, b"a\n" + b"," * 20_000):
        with pytest.raises(csv_file.FileRefusedError) as refused:
            list(csv_file.read(data).rows)
        assert refused.value.problem == "too_many_columns"

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text", ["1" * 40_000 + ".x", "1" * 40_000, "x" + " " * 40_000 + "y", "." * 40_000]
)
def test_a_long_cell_is_no_date_and_no_number_and_that_is_seen_at_once(
    text: str,
) -> None:
    began = time.process_time()

    assert formats.possible_orders(text) is None
    assert formats.possible_marks(text) is None
    for order in formats.ORDERS:
        assert formats.read_date(text, order) is None
        assert formats.read_time(text, order) is None
    for mark in formats.MARKS:
        assert formats.read_number(text, mark) is None

    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_cell_keeps_no_nul(encoding: str) -> None:
    found = csv_file.read("E\0mail\na\0b\0@c.example\n".encode(encoding))

    assert found.headings == ["Email"]
    assert list(found.rows) == [(2, ["ab@c.example"])]


def test_columns_are_guessed_before_others_have_to_wait(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []
    see = uploads.ColumnSurvey.see

    def note(survey: uploads.ColumnSurvey, text: str) -> None:
        depths.append(len(database.savepoint_ids))
        see(survey, text)

    monkeypatch.setattr(uploads.ColumnSurvey, "see", note)
    outside = len(database.savepoint_ids)

    uploads.upload(desk.contacts, b"Email\na@b.example\n", file_name="", user=desk.user)

    assert depths == [outside]
    assert Import.objects.get().rows.count() == 1


def test_one_user_has_so_many_files_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_KEPT", 2)
    data = b"Email\na@b.example\n"
    for name in ("one", "two"):
        uploads.upload(desk.contacts, data, file_name=name, user=desk.user)

    with pytest.raises(csv_file.FileRefusedError) as refused:
        uploads.upload(desk.contacts, data, file_name="three", user=desk.user)

    assert refused.value.problem == "too_many_files"
    assert "2 files" in file_text(refused.value.problem, refused.value.number)
    Import.objects.filter(file_name="one").update(created_at=NOON - Import.KEPT * 2)
    uploads.upload(desk.contacts, data, file_name="three", user=desk.user)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"Email\n", "no_rows"),
        (b"PK\x03\x04\0\0\x08\0binary\0\x01\x02", "not_text"),
        (b"Email\n\x81\x8d\n", "encoding"),
        (b'Email,City\na@b.example,"Bonn\n', "quotes"),
        (b"a," * 300 + b"\n1", "too_many_columns"),
        (b"Email\n" + b"a@b.example\n" * 10_001, "too_many_rows"),
        (b"x" * (csv_file.MAX_BYTES + 1), "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, problem: str) -> None:
    with pytest.raises(csv_file.FileRefusedError) as refused:
        list(csv_file.read(data).rows)

    assert refused.value.problem == problem


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_recognised(encoding: str, delimiter: str) -> None:
    text = '"Größe"|"Größe"|""|Notiz\r\nä|ö|ü|"eins\r\nzwei, drei; |"\r\n\r\n1|2\r\n'

    found = csv_file.read(text.replace("|", delimiter).encode(encoding))

    assert found.headings == ["Größe", "Größe (2)", "Column 3", "Notiz"]
    assert list(found.rows) == [
        (2, ["ä", "ö", "ü", f"eins\r\nzwei, drei; {delimiter}".strip()]),
        (4, ["1", "2"]),
    ]


def test_an_empty_column_stays_if_the_file_names_it(desk: Desk) -> None:
    data = b"Email,Column width,,Notes\na@b.example,,,\n"

    source = uploads.upload(desk.contacts, data, file_name="", user=desk.user)

    headings = [column["heading"] for column in source.columns]
    assert headings == ["Email", "Column width", "Notes"]


def test_headings_that_mean_an_id_are_the_providers_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    headings = frozenset({"aktenzeichen"})
    monkeypatch.setattr(CONNECTORS["hubspot"], "id_headings", headings)

    source = upload(desk, to_csv(["Akten-Zeichen", "Record ID"], ["1", "2"]))

    assert source.mapping == {"0": {"field": mapping.RECORD_ID, "format": ""}}
