"""Mistakes in the sources of the connectors, as tired people make them."""

from collections.abc import Mapping, Sequence

from tests.providers.contract.planting import Mistake

HUBSPOT = (
    Mistake("listing/records.py", '"after": after, "archived"', '"archived"'),
    Mistake("listing/records.py", "PAGE_SIZE = 100", "PAGE_SIZE = 1"),
    Mistake(
        "listing/records.py",
        "return self.api.get(self.path, params=self._place(after, archived=archived))",
        "return self.api.post(self.path, json=self._place(after, archived=archived))",
    ),
    Mistake("listing/records.py", "next_after(body, after),", "None,"),
    Mistake(
        "listing/records.py",
        'expect_list(body.get("results"), "results"),',
        'body.get("results") or [],',
    ),
    Mistake("api/paging.py", "expect_object(following", "dict(following"),
    Mistake(
        "api/paging.py",
        "    if isinstance(after, int) and not isinstance(after, bool):\n"
        "        after = str(after)\n",
        "    if not isinstance(after, str):\n        return None\n",
    ),
    Mistake(
        "listing/changes.py",
        '"value": str(int(since.timestamp() * 1000))',
        '"value": str(int(since.timestamp()))',
    ),
    Mistake("listing/changes.py", '"operator": "GTE"', '"operator": "LTE"'),
    Mistake(
        "listing/changes.py",
        "return [modified, behind]",
        "return [behind]",
    ),
    Mistake("listing/changes.py", "SEARCH_SIZE = 200", "SEARCH_SIZE = 20"),
    Mistake("listing/changes.py", '"filterGroups": [], "limit": 1', '"limit": 1'),
    Mistake(
        "connector.py", "to_page(found,", "to_page(type(found)(mapped=found.mapped),"
    ),
    Mistake("connector.py", "if not is_living(row)]", "]"),
    Mistake("spec.py", "    rate_limit=USUAL_RATE_LIMIT,\n", ""),
    Mistake(
        "spec.py", "USUAL_RATE_LIMIT: Final = 110", "USUAL_RATE_LIMIT: Final = 1100"
    ),
    Mistake("connector.py", "required_scopes=(kind.scope,)", 'required_scopes=("x",)'),
    Mistake("mapping/items.py", 'to_id(record.get("id"))', 'record["id"]'),
    Mistake("mapping/items.py", 'to_time(record.get("createdAt"))', "None"),
    Mistake(
        "mapping/items.py",
        'to_time(record.get("updatedAt"))',
        'to_time(record.get("createdAt"))',
    ),
    Mistake("mapping/items.py", "own = https_url(url, domains=DOMAINS)", "own = url"),
    Mistake("mapping/items.py", "return cut(name, MAX_NAME) or", "return name or"),
    Mistake("mapping/items.py", "visibility=not flag", "visibility=flag"),
    Mistake("mapping/items.py", "if old.isdecimal()}", "}"),
    Mistake("mapping/items.py", "for old in ids if", "for old in ids[:1] if"),
    Mistake("mapping/items.py", "detail=remote_id)", "detail=DeletionKind.MERGED)"),
    Mistake("../listing.py", "gone.items() if key not in told}", "gone.items()}"),
    Mistake(
        "api/classify.py",
        "if isinstance(error, Forbidden):",
        "if isinstance(error, Forbidden):\n        return None\n    if error is None:",
    ),
    Mistake(
        "account.py", 'account_id = f"{hub_id}:{user_id}"', 'account_id = f"{hub_id}"'
    ),
    Mistake("account.py", "    except Unauthorized:\n        raise\n", ""),
    Mistake(
        "spec.py",
        'name=DEALS_READ, description="Read deals", is_optional=True',
        'name=DEALS_READ, description="Read deals"',
    ),
    Mistake("spec.py", "/oauth/2026-09/token", "/oauth/v1/token"),
)
AIRTABLE = (
    Mistake("listing/records.py", '            "offset": cursor,\n', ""),
    Mistake("listing/records.py", "PAGE_SIZE: Final = 100", "PAGE_SIZE: Final = 10"),
    Mistake("listing/changes.py", "changed_since(since, position.probed)", '""'),
    Mistake(
        "listing/records.py",
        '"returnFieldsByFieldId": True',
        '"returnFieldsByFieldId": False',
    ),
    Mistake(
        "listing/records.py",
        "since - timedelta(milliseconds=1)",
        "since + timedelta(hours=1)",
    ),
    Mistake("listing/records.py", "IS_AFTER(CREATED_TIME(),{parsed})", "FALSE()"),
    Mistake("listing/records.py", "base_limits(api, base_id),", "(),"),
    Mistake(
        "listing/records.py",
        'expect_object(answer, "answer").get("records")',
        'expect_object(answer, "answer").get("records", [])',
    ),
    Mistake(
        "listing/records.py",
        'next_cursor(answer, "offset", cursor)',
        'answer.get("offset")',
    ),
    Mistake(
        "listing/records.py",
        'next_cursor(answer, "offset", cursor)',
        "None",
    ),
    Mistake("listing/records.py", "unreadable=unreadable)", "unreadable=0)"),
    Mistake(
        "listing/records.py",
        "unreadable=unreadable)",
        "unreadable=unreadable, unreadable_ids=[])",
    ),
    Mistake(
        "mapping/items.py", 'to_id(record.get("id"), RECORD)', 'str(record.get("id"))'
    ),
    Mistake("mapping/items.py", "parent_id=table_id,", "parent_id=base_id,"),
    Mistake(
        "mapping/items.py",
        "url=web_url(base_id, table_id, remote_id),",
        'url="http://airtable.com/" + remote_id,',
    ),
    Mistake("mapping/items.py", 'to_time(record.get("createdTime"))', "None"),
    Mistake(
        "mapping/items.py",
        "return max(times, default=None)",
        "return None",
    ),
    Mistake("mapping/items.py", 'or f"Record {remote_id}"', ""),
    Mistake("mapping/items.py", "limit=MAX_NAME)", "limit=10**9)"),
    Mistake("spec.py", "    limit_seconds=1.1,\n", ""),
    Mistake("spec.py", "rate_limit=500", "rate_limit=5000"),
    Mistake("account.py", "remote_id=user_id,", "remote_id=email,"),
    Mistake(
        "account.py",
        '"email": email}',
        '"email": email, "token": grant.tokens.access_token.reveal()}',
    ),
    Mistake(
        "api/classify.py",
        "if isinstance(error, RateLimited):",
        "if response.status == 429:\n        return None\n    if error is None:",
    ),
    Mistake(
        "api/classify.py",
        "error.retry_after = max(error.retry_after or 0.0, PENALTY_SECONDS)",
        "error.retry_after = None",
    ),
    Mistake("api/bases.py", 'params={"offset": offset}', "params={}"),
    Mistake(
        "spec.py", "name=EMAIL_READ, description", 'name="user.name:read", description'
    ),
)
NOTION = (
    Mistake(
        "listing/querying.py",
        '        body["start_cursor"] = found.start\n',
        "        pass\n",
    ),
    Mistake("listing/querying.py", '"page_size": PAGE_SIZE,', '"page_size": 1,'),
    Mistake("listing/querying.py", '("last_edited_time", edited),\n', "\n"),
    Mistake(
        "listing/querying.py", '"direction": "ascending"', '"direction": "descending"'
    ),
    Mistake(
        "listing/querying.py", '{"on_or_after": _text(time)}', '{"after": _text(time)}'
    ),
    Mistake(
        "listing/querying.py",
        "time.astimezone(UTC).isoformat",
        "time.astimezone(UTC).replace(hour=0).isoformat",
    ),
    Mistake(
        "listing/rows.py",
        "            rows.add(row)\n",
        "            rows.add(row)\n            break\n",
    ),
    Mistake(
        "listing/rows.py",
        "with reading(row, self.gathering.count_unreadable):",
        "with reading(row, lambda _row: None):",
    ),
    Mistake(
        "listing/querying.py", '        body["is_archived"] = True\n', "        pass\n"
    ),
    Mistake("listing/querying.py", '/query"\n', '/rows"\n'),
    Mistake(
        "api/paging.py", "    if not isinstance(has_more, bool):\n", "    if False:\n"
    ),
    Mistake("api/paging.py", "        if has_more\n", "        if following\n"),
    Mistake(
        "api/paging.py",
        'expect_cursor(following, start, where="next_cursor")',
        "following",
    ),
    Mistake(
        "api/paging.py",
        'expect_list(body.get("results"), "results")',
        'body.get("results") or []',
    ),
    Mistake(
        "mapping/items.py",
        'creation_time=to_time(thing.get("created_time"))',
        'creation_time=to_time(thing.get("last_edited_time"))',
    ),
    Mistake(
        "mapping/items.py",
        "return https_url(url, domains=DOMAINS)",
        "return url if isinstance(url, str) else None",
    ),
    Mistake(
        "mapping/items.py",
        'visibility=thing.get("is_archived") is not True',
        'visibility=thing.get("in_trash") is True',
    ),
    Mistake("mapping/titles.py", " or UNTITLED\n", ' or ""\n'),
    Mistake("connector.py", 'return {"Notion-Version": settings.version}', "return {}"),
    Mistake(
        "connector.py",
        'return {"Notion-Version": settings.version}',
        'return {"Notion-Version": "2022-06-28"}',
    ),
    Mistake("spec.py", "rate_limit=30,", "rate_limit=300,"),
    Mistake(
        "connector.py",
        "rows.fetch_page(api, collection, cursor=cursor, since=since)",
        "rows.fetch_page(api, collection, cursor=cursor, since=None)",
    ),
    Mistake(
        "account.py",
        'remote_id=f"{workspace_id}:{member_id}"',
        "remote_id=workspace_id",
    ),
    Mistake(
        "api/classify.py",
        "    return error\n\n\ndef _limited",
        "    return error if response.status != 403 else None\n\n\ndef _limited",
    ),
    Mistake(
        "api/classify.py",
        "limited = _copy(RateLimited, error, error.message)",
        "limited = _copy(Server, error, error.message)",
    ),
)
MISTAKES: Mapping[str, Sequence[Mistake]] = {
    "hubspot": HUBSPOT,
    "airtable": AIRTABLE,
    "notion": NOTION,
}
