// The secret of a link from a mail. It stands in the fragment, which no browser sends to a server and no log keeps;
// once read it also leaves the address bar and the history.
const KEPT = "fynlo.link.";

/** The secret of this page's link, or "". It outlives a reload of the tab and nothing else. */
export function linkSecret(page) {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(KEPT + page, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT + page) || "";
}

// Another link in the same tab changes the fragment alone, which loads nothing.
addEventListener("hashchange", () => location.reload());

/** The link was used. */
export function forgetLink(page) {
  sessionStorage.removeItem(KEPT + page);
}
