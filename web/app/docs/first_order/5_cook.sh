TICKETS=$(curl -sS "$FYNLO/api/v2/kitchen/tickets?state=queued&limit=200" -H "Authorization: Bearer $TOKEN" \
  | ORDER_ID=$ORDER_ID python3 -c '
import json, os, sys
print(*(one["id"] for one in json.load(sys.stdin)["items"] if one["order_id"] == os.environ["ORDER_ID"]))
')
for TICKET in $TICKETS; do
  curl -sS -X POST "$FYNLO/api/v2/kitchen/tickets/$TICKET/bump" -H "Authorization: Bearer $TOKEN" \
    -H "Content-Type: application/json" -H "Idempotency-Key: bump-$TICKET" -d '{}' | field '["state"]'
done
