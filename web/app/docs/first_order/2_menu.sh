ITEM=$(curl -sS "$FYNLO/api/v2/menu" -H "Authorization: Bearer $TOKEN" | python3 -c '
import json, sys
items = [item for category in json.load(sys.stdin)["categories"] for item in category["items"]]
sold = [item for item in items if item["available"] and item["price_minor"] and item["stock_left"] is None]
print(next(item["id"] for item in sold if not any(group["min"] for group in item["option_groups"])))
')
echo "The item that we order: $ITEM"
