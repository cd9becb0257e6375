// The kitchen display.
import { now, timeOfDay } from "./clock.js";
import { logOut, requireSession, restaurant, session } from "./session.js";
import { plain } from "./text.js";
import { Connection, Dialog, Toasts } from "./ui.js";
import { html, render, signal } from "./view.js";

const LOST_SHOWN_MS = 4_000;
const SOUND = { on: "Sound on", off: "Sound off", waiting: "Touch for sound" };

const start = async () => {
  const [shop, keys, { Coming, watchComing }, { More, Wall }, { watchLeaving }, { heardAt, watchHearing }, sounds, board] = await Promise.all([
    import("./kitchen/shop.js"),
    import("./kitchen/keys.js"),
    import("./kitchen/coming.js"),
    import("./kitchen/wall.js"),
    import("./kitchen/gone.js"),
    import("./kitchen/heard.js"),
    import("./kitchen/sound.js"),
    import("./kitchen/board.js"),
  ]);
  const { Expo, Rail, rail, toggleExpo, toggleRail, view } = board;
  const { chosenStations, openAt, realtime, recallable, showStations, stations, step } = shop;
  const { sound, toggleSound } = sounds;
  const recalling = signal(false);

  function Filter() {
    const chosen = new Set(chosenStations.value);
    const toggle = (id) => {
      const next = new Set(chosen);
      if (!next.delete(id)) next.add(id);
      showStations(next.size === stations.value.length ? [] : [...next]);
    };
    return html`<nav class="stations" aria-label="Stations">
      <button aria-pressed=${chosen.size === 0} onClick=${() => showStations([])}>All <span class="badge">${openAt("")}</span></button>
      ${stations.value.map(
        (
          station,
        ) => html`<button key=${station.id} aria-pressed=${chosen.has(station.id)} onClick=${() => toggle(station.id)}>
          <bdi>${plain(station.name)}</bdi> <span class="badge">${openAt(station.id)}</span></button>`,
      )}
    </nav>`;
  }

  /** The touch that lets sound be on is no wish to turn it off. */
  function Top() {
    const press = () => sound.value !== "waiting" && toggleSound();
    return html`<header class="top">
      <span class="brand"><img src="/web/icon.svg" alt="" width="28" height="28" /><bdi>${plain(restaurant.value?.name)}</bdi></span>
      <${Filter} />
      <span class="views">
        <button aria-pressed=${rail.value === "on"} onClick=${toggleRail}>All day</button>
        <button aria-pressed=${view.value === "expo"} onClick=${toggleExpo}>Expo</button>
      </span>
      <button class="recall" disabled=${!recallable.value.length} onClick=${() => (recalling.value = true)}>Recall <span class="badge">${recallable.value.length}</span></button>
      <button class="sound" aria-pressed=${sound.value !== "off"} data-sound=${sound.value} onClick=${press}>${SOUND[sound.value]}</button>
      <${Connection} realtime=${realtime} />
      <time class="clock">${timeOfDay(now.value, restaurant.value?.timezone)}</time>
      <button class="link" onClick=${logOut}>Log out</button>
    </header>`;
  }

  /** What a cook has to know when the wall may be behind. */
  function Lost() {
    const status = realtime.status.value;
    const since = status.lostAt && now.value ? Date.now() - status.lostAt : 0;
    const patient = status.phase !== "stopped" && navigator.onLine && since < LOST_SHOWN_MS;
    if (status.live || patient) return null;
    const at = heardAt.value ? ` These are the tickets of ${timeOfDay(heardAt.value, restaurant.value?.timezone)}.` : "";
    const words =
      status.phase === "stopped"
        ? `This display is disconnected and shows no new orders. Reload it.${at}`
        : `No connection: new orders do not appear here until it is back; nothing will be missed then.${at}`;
    return html`<p class="lost" role="alert">${words}</p>`;
  }

  function Recall() {
    const close = () => (recalling.value = false);
    const recall = (ticket) => {
      step(ticket, "recall");
      close();
    };
    return html`<${Dialog} title="Recall a ticket" name="recall" onClose=${close}>
      <div class="stack">
        ${recallable.value.map(
          (
            ticket,
          ) => html`<button class="choice" key=${ticket.id} data-recall=${ticket.order_number} onClick=${() => recall(ticket)}>
            <strong>${ticket.order_number ?? "–"}</strong>
            <bdi>${ticket.lines.map((line) => `${line.quantity} ${plain(line.name)}`).join(", ")}</bdi>
            <small>${ticket.station ? plain(ticket.station) : ""} · ${timeOfDay(ticket.ready_at, restaurant.value?.timezone)}</small>
          </button>`,
        )}
      </div>
    <//>`;
  }

  function Page() {
    if (!session.value) return null;
    const expo = view.value === "expo";
    return html`<div class="kds ${rail.value === "on" ? "with-rail" : ""}">
      <${Top} /><${Lost} /><${Coming} />${expo ? html`<${Expo} />` : html`<${Wall} /><${More} />`}
      ${rail.value === "on" && html`<${Rail} />`}
      ${recalling.value && html`<${Recall} />`}
      ${!realtime.storing.value && html`<p class="lost">This device is out of storage; it shows everything, but starts slower.</p>`}
      <${Toasts} />
    </div>`;
  }

  keys.listen();
  sounds.awaitTouch();
  watchLeaving();
  watchHearing();
  watchComing();
  realtime.start();
  render(html`<${Page} />`, document.getElementById("page"));
};

if (requireSession("kitchen")) start();
