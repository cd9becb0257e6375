// The page on which managers and owners keep the house: what is sold, what is taken off, stock, floor, kitchen, printers.
import { followMenu } from "./menu.js";
import { logOut, may, requireSession, restaurant, session } from "./session.js";
import { plain } from "./text.js";
import { Connection, Offline, rove, Toasts } from "./ui.js";
import { html, render, useEffect } from "./view.js";

const start = async () => {
  // The channels belong to a restaurant, so these modules are for somebody who is logged in.
  const [{ panel, PANELS, realtime, show }, ...panels] = await Promise.all([
    import("./manage/shop.js"),
    import("./manage/menu/panel.js"),
    import("./manage/hours/panel.js"),
    import("./manage/promotions.js"),
    import("./manage/takeaway/panel.js"),
    import("./manage/house/stock.js"),
    import("./manage/house/floor.js"),
    import("./manage/house/kitchen.js"),
    import("./manage/house/printers.js"),
  ]);
  const shown = Object.fromEntries(Object.keys(PANELS).map((name, index) => [name, panels[index].Panel]));

  function Rail() {
    // On a phone the rail scrolls.
    useEffect(() => document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [panel.value]);
    return html`<nav class="rail" aria-label="What to manage" onKeyDown=${(event) => rove(event)}>
      ${Object.entries(PANELS).map(
        ([name, { label }]) => html`<button key=${name} aria-current=${panel.value === name ? "page" : undefined}
          onClick=${() => show(name)}>${label}</button>`,
      )}
    </nav>`;
  }

  function Top() {
    return html`<header class="top">
      <span class="brand"><img src="/web/icon.svg" alt="" width="28" height="28" /><bdi>${plain(restaurant.value?.name)}</bdi></span>
      <${Connection} realtime=${realtime} />
      <span class="elsewhere"><a class="link" href="/till">Till</a><a class="link" href="/kitchen">Kitchen</a>
        <a class="link" href="/people">People</a><button class="link" onClick=${logOut}>Log out</button></span>
    </header>`;
  }

  function Page() {
    if (!session.value) return null;
    const { permission, label } = PANELS[panel.value];
    const Panel = shown[panel.value];
    return html`<div class="manage">
      <${Top} />
      <${Offline} realtime=${realtime} timeZone=${restaurant.value?.timezone}
        words="You see what this page knew. Changes need the network." />
      <${Rail} />
      <main aria-label=${label}>
        ${
          may(permission)
            ? html`<${Panel} key=${panel.value} />`
            : html`<p class="empty">You are logged in as somebody who sells. A manager or the owner can change this: ask them, or log in as one.</p>`
        }
      </main>
      <${Toasts} />
    </div>`;
  }

  followMenu();
  realtime.start();
  render(html`<${Page} />`, document.getElementById("page"));
};

if (requireSession("manage")) start();
