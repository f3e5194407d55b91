from tests.services.test_notion import *
def test_dbg(large, notion, sandbox, monkeypatch):
    from integrations.providers.notion import walking
    orig = walking.is_due
    def due(item, stored, since=None):
        r = orig(item, stored, since=since)
        print("DUE", item.id, item.crowd, item.collection_id, item.position, stored.turn, stored.last_pass, r, since)
        return r
    monkeypatch.setattr(walking, "is_due", due)
    run, _ = runs.open_run(large, trigger="person")
    for _ in range(600):
        SyncRun.objects.update(due_at=timezone.now())
        print("SLICE")
        if sync.run_slice(run.pk, seconds=0.000001) is None:
            break
    for i in Item.objects.filter(collection__name="Company wiki"):
        print("WIKI", i.remote_id, i.changed_at, i.name)
    for c in Collection.objects.all(): print(c.name, c.position, c.remote_id)
    assert 0
