ORDER=$(curl -sS "$FYNLO/api/v2/orders" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
  -H "Idempotency-Key: first-order-$(date +%s%N)" \
  -d "{\"service_flow\": \"pay_later\", \"order_type\": \"takeaway\", \"lines\": [{\"item_id\": \"$ITEM\", \"quantity\": 2}]}")
ORDER_ID=$(echo "$ORDER" | field '["id"]')
TOTAL=$(echo "$ORDER" | field '["totals"]["total_minor"]')
echo "Order $(echo "$ORDER" | field '["number"]') is $(echo "$ORDER" | field '["state"]'), $TOTAL pence to pay"
