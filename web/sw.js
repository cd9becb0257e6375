// Keeps the pages on the device: network first, and what was last whole when the network says nothing. Data of the
// restaurant never passes through here; the pages keep what they need of it themselves.

const PREFIX = "fynlo.shell.";
const LIST = "/shell.json";
const FILES = "/web/";
/** Somebody waits in front of a white page. */
const NETWORK_MS = 2_500;
/** A gateway in front that has lost its servers says so with one of these. */
const AWAY = 502;
const PAGES = new Set(["/", "/login", "/till", "/kitchen"]);

self.addEventListener("install", (event) => event.waitUntil(renew().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  const page = event.request.mode === "navigate" && PAGES.has(pathname);
  if (!page && !pathname.startsWith(FILES)) return;
  if (page) event.waitUntil(renew().catch(() => {}));
  event.respondWith(answer(event.request, pathname));
});

async function answer(request, pathname) {
  const kept = await caches.match(pathname);
  if (!kept) return fetch(request);
  try {
    // A navigation cannot be repeated with other options: its signal is a race instead.
    const fresh = await Promise.race([fetch(request), late()]);
    return fresh.status >= AWAY ? kept : fresh;
  } catch {
    return kept;
  }
}

const late = () => new Promise((_, reject) => setTimeout(() => reject(new Error("no answer yet")), NETWORK_MS));

let renewing = null;

/** Keeps the newest version, whole, and then forgets the older ones. Several callers share one renewal. */
function renew() {
  renewing ||= fill().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function fill() {
  const { version, files } = await (await fetch(LIST, { cache: "no-store" })).json();
  const name = PREFIX + version;
  if (await caches.has(name)) return;
  const loaded = await Promise.all(files.map(async (file) => [file, await load(file)]));
  const cache = await caches.open(name);
  await Promise.all(loaded.map(([file, response]) => cache.put(file, response)));
  for (const other of await caches.keys()) {
    if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
  }
}

async function load(file) {
  const response = await fetch(file, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response;
}
