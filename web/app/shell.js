// The service worker that has the pages at hand when there is no network. Browsers allow it on safe origins only.

/** Begins to keep the pages on this device. Without it everything works, but a reload needs the network. */
export function keepShell() {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.register("/sw.js").catch((refusal) => console.info("pages are not kept:", refusal.message));
}
