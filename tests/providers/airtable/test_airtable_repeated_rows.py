"""A record that a page tells twice is one record, however odd one of its rows is."""

RECORDS = "GET /v0/appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA1"


def test_an_odd_row_of_a_record_that_is_told_besides_is_not_counted(airtable):
    whole = {
        "id": "recAAAAAAAAAAAAA4",
        "createdTime": "2026-01-05T09:30:00.000Z",
        "fields": {},
    }
    other = {"id": "recAAAAAAAAAAAAA5"}
    airtable.transport.on(RECORDS, {"records": [whole, {"id": whole["id"]}, other]})

    page = airtable.connector.fetch_page(airtable.api, airtable.context(), cursor=None)

    assert [item.id for item in page.items] == [whole["id"]]
    assert (page.unreadable, page.unreadable_ids) == (1, [other["id"]])
