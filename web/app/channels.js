// What each channel's events do to its state. Pure: state and event in, new state out, nothing is changed in place.
// Events carry whole resources, so applying one twice changes nothing.

const CANCELLED_SHOWN_MS = 10 * 60_000;
const CLOSED_ORDERS_MAX = 50;
const CLOSED = new Set(["done", "invoiced", "cancelled"]);
const WAITING = new Set(["none", "held", "queued"]);

const byId = (items, id = "id") => Object.fromEntries((items || []).map((item) => [item[id], item]));

/** Whether an order is over. */
export function isClosed(order) {
  return CLOSED.has(order.state);
}

export const kitchen = {
  empty: { tickets: {}, stations: {} },
  snapshot: (state) => ({ tickets: byId(state.tickets), stations: byId(state.stations) }),
  apply(state, event) {
    if (event.d.station) {
      return { ...state, stations: { ...state.stations, [event.d.station.id]: event.d.station } };
    }
    const tickets = { ...state.tickets };
    for (const ticket of event.d.tickets || []) takeTicket(tickets, ticket, event.at);
    for (const ticket of Object.values(tickets)) {
      if (ticket.cancelled_at && event.at - ticket.cancelled_at > CANCELLED_SHOWN_MS) delete tickets[ticket.id];
    }
    return { ...state, tickets };
  },
};

function takeTicket(tickets, ticket, at) {
  const known = tickets[ticket.id];
  if (known && known.revision > ticket.revision) return;
  if (ticket.state === "served") delete tickets[ticket.id];
  // A cook who has begun must see that it is off; one who never saw it need not.
  else if (ticket.state === "cancelled") {
    if (known) tickets[ticket.id] = { ...ticket, cancelled_at: known.cancelled_at || at };
  } else tickets[ticket.id] = ticket;
}

export const orders = {
  empty: { orders: {}, alarms: {} },
  snapshot: (state) => ({ orders: byId(state.orders), alarms: {} }),
  apply(state, event) {
    if (event.k === "kitchen.undelivered") {
      const { ticket, order_id, order_number, cause } = event.d;
      const alarm = { id: ticket.id, order_id, order_number, station: ticket.station, cause, at: event.at };
      return { ...state, alarms: { ...state.alarms, [alarm.id]: alarm } };
    }
    const order = event.d;
    if (!order.totals) return state;
    const known = state.orders[order.id];
    if (known && known.version > order.version) return state;
    return { orders: bounded({ ...state.orders, [order.id]: order }), alarms: calmed(state.alarms, order) };
  },
};

function calmed(alarms, order) {
  if (!isClosed(order) && WAITING.has(order.kitchen_state)) return alarms;
  return Object.fromEntries(Object.entries(alarms).filter(([, alarm]) => alarm.order_id !== order.id));
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
