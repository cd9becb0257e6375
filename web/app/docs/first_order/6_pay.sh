TILL=$(curl -sS "$FYNLO/api/v2/till-sessions" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -H "Idempotency-Key: open-$ORDER_ID" -d "{\"till\": \"first till $(date +%s)\", \"opening_float_minor\": 10000}" \
  | field '["id"]')
curl -sS "$FYNLO/api/v2/orders/$ORDER_ID/payments" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -H "Idempotency-Key: pay-$ORDER_ID" \
  -d "{\"method\": \"cash\", \"tendered_minor\": $((TOTAL + 500)), \"till_session_id\": \"$TILL\"}" | field '["change_minor"]'
curl -sS -X POST "$FYNLO/api/v2/till-sessions/$TILL/close" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -H "Idempotency-Key: close-$TILL" -d "{\"counted_minor\": $((10000 + TOTAL))}" | field '["z_report"]["number"]'
