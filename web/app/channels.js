// What each channel's events do to its state. Pure: state and event in, new state out, nothing is changed in place.
// Events carry whole resources, so applying one twice changes nothing.

const CLOSED_ORDERS_MAX = 50;
const PRINT_JOBS_MAX = 200;
const CLOSED = new Set(["done", "invoiced", "cancelled", "merged"]);

const byId = (items, id = "id") => Object.fromEntries((items || []).map((item) => [item[id], item]));

/** Whether an order is over. */
export function isClosed(order) {
  return CLOSED.has(order.state);
}

export const kitchen = {
  empty: { tickets: {}, stations: {} },
  snapshot: (state) => ({ tickets: byId(state.tickets), stations: byId(state.stations) }),
  apply(state, event) {
    if (event.k === "station.removed") {
      const stations = { ...state.stations };
      delete stations[event.d.station_id];
      return { ...state, stations };
    }
    if (event.d.station) {
      return { ...state, stations: { ...state.stations, [event.d.station.id]: event.d.station } };
    }
    const tickets = { ...state.tickets };
    for (const ticket of event.d.tickets || []) takeTicket(tickets, ticket);
    return { ...state, tickets };
  },
};

function takeTicket(tickets, ticket) {
  const known = tickets[ticket.id];
  if (known && known.revision > ticket.revision) return;
  // One that is off stays until a cook has said that they know, here or at another display.
  const over = ticket.state === "served" || (ticket.state === "cancelled" && ticket.acknowledged_at);
  if (over) delete tickets[ticket.id];
  else tickets[ticket.id] = ticket;
}

export const orders = {
  empty: { orders: {}, alarms: {}, unrouted: {} },
  snapshot: (state) => ({
    orders: byId(state.orders),
    alarms: byId((state.alarms || []).map(alarmOf)),
    unrouted: byId(state.unrouted, "item_id"),
  }),
  apply(state, event) {
    if (event.k === "kitchen.unrouted") {
      return { ...state, unrouted: { ...state.unrouted, [event.d.item_id]: event.d } };
    }
    if (event.k === "kitchen.routed") {
      const gone = new Set(event.d.item_ids);
      const left = Object.entries(state.unrouted || {}).filter(([id]) => !gone.has(id));
      return { ...state, unrouted: Object.fromEntries(left) };
    }
    if (event.k === "kitchen.undelivered") {
      const alarm = alarmOf(event.d);
      return { ...state, alarms: { ...state.alarms, [alarm.id]: alarm } };
    }
    if (event.k === "kitchen.alarm_cleared") {
      const alarms = { ...state.alarms };
      delete alarms[event.d.ticket_id];
      return { ...state, alarms };
    }
    const order = event.d;
    if (!order.totals) return state;
    const known = state.orders[order.id];
    if (known && known.version > order.version) return state;
    return { ...state, orders: bounded({ ...state.orders, [order.id]: order }) };
  },
};

/** A ticket that the kitchen has not seen. It stands until the server says that it is over, for every till. */
function alarmOf({ ticket, order_id, order_number, cause, raised_at }) {
  return { id: ticket.id, order_id, order_number, station: ticket.station, cause, at: raised_at };
}

function bounded(all) {
  const closed = Object.values(all).filter(isClosed);
  if (closed.length <= CLOSED_ORDERS_MAX) return all;
  closed.sort((a, b) => (a.updated_at || a.created_at).localeCompare(b.updated_at || b.created_at));
  for (const order of closed.slice(0, closed.length - CLOSED_ORDERS_MAX)) delete all[order.id];
  return all;
}

export const tills = {
  empty: { sessions: {} },
  snapshot: (state) => ({ sessions: byId(state.sessions) }),
  apply(state, event) {
    if (event.k !== "session.updated") return state;
    const known = state.sessions[event.d.id];
    if (known && known.version > event.d.version) return state;
    const sessions = { ...state.sessions, [event.d.id]: event.d };
    if (event.d.state === "closed") delete sessions[event.d.id];
    return { sessions };
  },
};

export const floor = {
  empty: { tables: {}, sections: {} },
  snapshot: (state) => ({ tables: byId(state.tables), sections: byId(state.sections) }),
  apply(state, event) {
    const [kind, what] = event.k.split(".");
    if (kind !== "table" && kind !== "section") return state;
    const all = kind === "table" ? "tables" : "sections";
    const id = event.d.id || event.d[`${kind}_id`];
    const known = state[all][id];
    if (known && known.version > event.d.version) return state;
    const next = { ...state[all], [id]: event.d };
    if (what === "removed") delete next[id];
    return { ...state, [all]: next };
  },
};

export const inventory = {
  empty: { levels: {}, available: {} },
  snapshot: (state) => ({ levels: byId(state.levels, "item_id"), available: {} }),
  apply(state, event) {
    if (event.k.startsWith("item.")) {
      return { ...state, available: { ...state.available, [event.d.item_id]: event.d.available } };
    }
    const known = state.levels[event.d.item_id];
    if (!event.k.startsWith("inventory.")) return state;
    if (known && known.version > event.d.version) return state;
    return { ...state, levels: { ...state.levels, [event.d.item_id]: event.d } };
  },
};

export const printing = {
  empty: { printers: {}, jobs: {} },
  snapshot: (state) => ({ printers: byId(state.printers), jobs: byId(state.jobs) }),
  apply(state, event) {
    const all = { "printer.updated": "printers", "printer.removed": "printers", "print_job.updated": "jobs" }[event.k];
    if (!all) return state;
    const id = event.d.id || event.d.printer_id;
    const known = state[all][id];
    if (known && known.version > event.d.version) return state;
    const next = { ...state[all], [id]: event.d };
    if (event.k === "printer.removed") delete next[id];
    return { ...state, [all]: all === "jobs" ? newestJobs(next) : next };
  },
};

function newestJobs(all) {
  if (Object.keys(all).length <= PRINT_JOBS_MAX) return all;
  const oldest = Object.values(all).reduce((a, b) => (a.created_at < b.created_at ? a : b));
  delete all[oldest.id];
  return all;
}
