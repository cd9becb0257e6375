FYNLO=${FYNLO:-http://127.0.0.1:8080}
field() { python3 -c "import json, sys; it = json.load(sys.stdin); sys.exit(it['detail']) if 'code' in it else print(it$1)"; }

TOKEN=$(curl -sS "$FYNLO/api/v2/auth/login" -H "Content-Type: application/json" \
  -d '{"email": "till@demo.fynlo.test", "password": "lunch-at-noon-2026", "device_id": "first-till"}' \
  | field '["access_token"]')
echo "Logged in: ${TOKEN:0:16}..."
