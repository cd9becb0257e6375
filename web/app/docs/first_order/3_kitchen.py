import json, os, urllib.request
from websockets.sync.client import connect

FYNLO = os.environ.get("FYNLO", "http://127.0.0.1:8080")


def ask(path, body=None, token=""):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return json.load(urllib.request.urlopen(urllib.request.Request(FYNLO + path, data, headers)))


cook = {"email": "till@demo.fynlo.test", "password": "lunch-at-noon-2026", "device_id": "first-kitchen", "client": "kds"}
login = ask("/api/v2/auth/login", cook)
channel = f"restaurant:{login['restaurant']['id']}:kitchen"
now = ask(f"/api/v2/realtime/snapshot?ch={channel}", token=login["access_token"])
place = {"ch": channel, "e": now["e"], "s": now["s"]}
device = {"id": "first-kitchen", "kind": "kds"}

with connect(FYNLO.replace("http", "ws", 1) + "/api/v2/ws", subprotocols=["fynlo.rt.v1"], compression=None) as socket:
    socket.send(json.dumps({"t": "hello", "id": 1, "v": 1, "token": login["access_token"], "device": device, "subs": [place]}))
    for text in socket:
        frame = json.loads(text)
        if frame["t"] == "welcome":
            print("The kitchen listens.", flush=True)
        elif frame["t"] == "ping":
            socket.send(json.dumps({"t": "pong", "n": frame["n"]}))
        elif frame["t"] == "ev":
            socket.send(json.dumps({"t": "ack", "ack": {channel: frame["s"]}}))
            for ticket in frame["d"].get("tickets", []):
                lines = ", ".join(f"{line['quantity']} x {line['name']}" for line in ticket["lines"])
                print(f"Order {ticket['order_number']} for {ticket['station']}, {ticket['state']}: {lines}", flush=True)
