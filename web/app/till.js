// The till page.
import { restoreBasket } from "./basket.js";
import { timeOfDay } from "./clock.js";
import { followMenu, menuAt } from "./menu.js";
import { resumeWaiting, waiting } from "./outbox.js";
import { logOut, may, requireSession, restaurant, session } from "./session.js";
import { count, plain } from "./text.js";
import { Connection, KeysHelp, Offline, toast, Toasts, useKeys } from "./ui.js";
import { html, render } from "./view.js";

/** More alarms than this become one. */
const ALARMS_APART = 2;
const KEYS = [
  ["/", "Find an item by name, barcode or PLU; Enter takes the first"],
  ["← ↑ ↓ →", "Move within categories, items, options, orders"],
  ["Enter", "Take what is marked; in a dialog: its main action"],
  ["Shift Enter", "What can be done about an item: take it off, sell it all the same"],
  ["Space", "Choose an option"],
  ["B", "To the basket"],
  ["S", "To the button that sends or pays; Enter presses it"],
  ["1 2 3 4", "Sell, Orders, Tables, Till"],
  ["0 – 9", "Type an amount, pence included: 1250 is £12.50"],
  ["Esc", "Close a dialog"],
  ["?", "This list"],
];
const CAUSES = {
  no_display: "no display is connected",
  not_confirmed: "no display has confirmed it",
};

const start = async () => {
  // The channels belong to a restaurant, so these modules are for somebody who is logged in.
  const [
    shop,
    { Sell },
    { listenForScans },
    { Orders, OrderDialog },
    { Drawer, Move },
    { CloseTill },
    { Forgotten },
    { Unrouted },
    { PrintAlarm, PrintingDialog },
    { ReservationsDialog },
    { basketOpen },
    { XReport, Report },
    { Options },
    { ItemDialog },
    { Pay },
    { AllergyDialog },
    { NoteDialog },
    { PromiseDialog },
    { LineDialog },
    { Approval },
    { TableDialog, Tables },
    { MergeDialog, TransferDialog },
    { DiscountDialog },
    { SplitDialog },
    { ReceiptDialog },
    { CustomerDialog },
    { InvoiceDialog, InvoicedDialog },
  ] = await Promise.all([
    import("./till/shop.js"),
    import("./till/sell.js"),
    import("./till/search.js"),
    import("./till/orders.js"),
    import("./till/drawer.js"),
    import("./till/count.js"),
    import("./till/unfired.js"),
    import("./till/unrouted.js"),
    import("./till/printing.js"),
    import("./till/reservations.js"),
    import("./till/basket_panel.js"),
    import("./till/report.js"),
    import("./till/options.js"),
    import("./till/item.js"),
    import("./till/pay.js"),
    import("./till/allergy.js"),
    import("./till/note.js"),
    import("./till/promise.js"),
    import("./till/lines.js"),
    import("./till/approval.js"),
    import("./till/tables.js"),
    import("./till/transfer.js"),
    import("./till/discount.js"),
    import("./till/split.js"),
    import("./till/paper.js"),
    import("./till/customer.js"),
    import("./till/invoice.js"),
  ]);
  const { alarms, dialog, dismissAlarm, drawer, openOrders, realtime, view } = shop;
  const views = { sell: Sell, orders: Orders, tables: Tables, drawer: Drawer };
  const dialogs = {
    options: Options,
    item: ItemDialog,
    allergy: AllergyDialog,
    note: NoteDialog,
    promise: PromiseDialog,
    line: LineDialog,
    pay: Pay,
    order: OrderDialog,
    split: SplitDialog,
    receipt: ReceiptDialog,
    customer: CustomerDialog,
    invoice: InvoiceDialog,
    invoiced: InvoicedDialog,
    table: TableDialog,
    transfer: TransferDialog,
    merge: MergeDialog,
    reservations: ReservationsDialog,
    printing: PrintingDialog,
    discount: DiscountDialog,
    move: Move,
    close: CloseTill,
    x: XReport,
    z: Report,
    keys: () => html`<${KeysHelp} keys=${KEYS} onClose=${shop.closeDialog} />`,
  };
  const show = (name) => () => {
    view.value = name;
  };
  const toSearch = () => {
    const field = document.querySelector(".search");
    field?.focus();
    field?.select();
    return field;
  };
  const toBasket = (wanted) => () => {
    view.value = "sell";
    basketOpen.value = true;
    setTimeout(() => document.querySelector(wanted)?.focus());
  };
  const keys = {
    "?": () => (dialog.value = { name: "keys" }),
    "/": () => {
      view.value = "sell";
      // At once where it is there: a scanner types faster than a page is drawn.
      if (!toSearch()) setTimeout(toSearch);
    },
    b: toBasket(".basket .line-text"),
    s: toBasket(".basket-send .primary"),
    1: show("sell"),
    2: show("orders"),
    3: show("tables"),
    4: show("drawer"),
  };

  function Top() {
    const tabs = [
      ["sell", "Sell", 0],
      ["orders", "Orders", openOrders.value.length + waiting.value.length],
      ["tables", "Tables", 0],
      ["drawer", drawer.value ? `Till ${plain(drawer.value.till)}` : "Till", 0],
    ];
    return html`<header class="top">
      <span class="brand"><img src="/web/icon.svg" alt="" width="28" height="28" /><bdi>${plain(restaurant.value?.name)}</bdi></span>
      <nav class="views" aria-label="Views">
        ${tabs.map(
          ([name, label, number]) => html`<button key=${name} aria-current=${view.value === name ? "page" : undefined}
            onClick=${() => (view.value = name)}>${label}${number > 0 && html`<span class="badge count">${number}</span>`}
            ${name === "drawer" && !drawer.value && html`<span class="badge warn">closed</span>`}</button>`,
        )}
      </nav>
      <${Connection} realtime=${realtime} />
      <span class="person"><bdi>${plain(session.value?.user.name)}</bdi>
        <button class="link help" aria-label="Keys" onClick=${keys["?"]}>?</button>
        <a class="link" href="/kitchen">Kitchen</a>
        ${may("menu.manage") && html`<a class="link" href="/manage">Manage</a>`}
        <a class="link" href="/people">${may("members.invite") ? "People" : "Account"}</a>
        <button class="link" onClick=${logOut}>Log out</button></span>
    </header>`;
  }

  function offlineWords() {
    const at = menuAt.value ? ` Menu and stock are of ${timeOfDay(menuAt.value, restaurant.value?.timezone)}.` : "";
    return `You see what this till knew.${at} Orders are kept here and sent when it is back; nothing can be paid until then.`;
  }

  function Alarms() {
    const all = alarms.value;
    const whose = [...new Set(all.map((alarm) => alarm.order_number ?? "–"))].join(", ");
    return html`<div class="alarms" role="alert">
      ${
        all.length > ALARMS_APART
          ? html`<div class="alarm">
            <strong>The kitchen has not seen ${count(all.length, "ticket")}</strong>
            <span>Orders ${whose}. Tell them.</span>
            <button onClick=${() => all.forEach(dismissAlarm)}>They know</button>
          </div>`
          : all.map(
              (alarm) => html`<div class="alarm" key=${alarm.id}>
            <strong>The kitchen has not seen order ${alarm.order_number ?? ""}</strong>
            <span>${alarm.station ? plain(alarm.station) : "Kitchen"}: ${CAUSES[alarm.cause] || "nobody knows why"}. Tell them.</span>
            <button onClick=${() => dismissAlarm(alarm)}>They know</button>
          </div>`,
            )
      }
      <${Forgotten} />
      <${Unrouted} />
      <${PrintAlarm} />
    </div>`;
  }

  function Page() {
    useKeys(keys);
    if (!session.value) return null;
    const View = views[view.value];
    const open = dialog.value;
    const Open = open && dialogs[open.name];
    return html`<div class="till">
      <${Top} />
      <div class="news"><${Offline} realtime=${realtime} timeZone=${restaurant.value?.timezone} words=${offlineWords()} /><${Alarms} /></div>
      <main><${View} /></main>
      ${Open && html`<${Open} key=${open.name + (open.id || open.item?.id || open.kind || "")} ...${open} />`}
      <${Approval} />
      <${Toasts} />
    </div>`;
  }

  restoreBasket();
  followMenu();
  resumeWaiting((order) => toast(`Order ${order.number} is on its way`, { tone: "good" }));
  listenForScans((digit) => keys[digit]?.());
  realtime.start();
  render(html`<${Page} />`, document.getElementById("page"));
};

if (requireSession("till")) start();
