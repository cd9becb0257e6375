"""What to order, through the gateway: from a supplier and waste to a file that spreadsheet programs open."""

import csv
import io

import pytest

from tests.e2e.conftest import Walk
from tests.e2e.walk.shop import unique

pytestmark = pytest.mark.asyncio(loop_scope="session")

REORDER = "/api/v2/stock/reorder"


async def test_what_was_used_stands_on_the_purchase_list_of_whoever_accepts_one(walk: Walk) -> None:
    owner = walk.shop.owner
    name = unique("=Flour")
    flour = await owner.post("/api/v2/ingredients", {"name": name, "unit": "gram"})
    mill = await walk.shop.new_supplier()
    path = f"/api/v2/stock/{flour['id']}"
    await owner.post(f"{path}/delivery", {"quantity": 1_000})
    await owner.post(f"{path}/waste", {"quantity": 900, "reason": "weevils"})
    terms = {"supplier_id": mill["id"], "pack_size": 500, "pack_cost_minor": 120}
    url, signed = walk.walker.base_url, {"Authorization": f"Bearer {owner.access_token}"}
    seen = {**signed, "If-Match": '"0"'}
    made = await walk.walker.http.put(f"{url}{path}/supply", json=terms, headers=seen)
    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    [suggestion] = [each for each in (await owner.get(REORDER))["items"] if each["item_id"] == flour["id"]]
    # 900 a day for the two days of the delivery, and 100 are there.
    assert (suggestion["packs"], suggestion["quantity"], suggestion["cost_minor"]) == (4, 2_000, 480)
    answer = await walk.walker.http.get(url + REORDER, headers={**signed, "Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["vary"] == "Accept"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["packs"], row["quantity"]) for row in rows if row["item"] == f"'{name}"] == [("4", "2000")]
