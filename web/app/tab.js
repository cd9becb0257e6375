// This browser is one device towards the server, whatever number of tabs it has.
import { newId } from "./ids.js";

const DEVICE = "fynlo.device";

/** The name of this device: its session is bound to it, and it stays after a restart. */
export function deviceId() {
  let id = localStorage.getItem(DEVICE);
  if (!id) {
    id = `web-${newId()}`;
    localStorage.setItem(DEVICE, id);
  }
  return id;
}

/**
 * Runs `act` while no other tab of this device runs anything of that name. Where the browser has no locks (pages
 * without TLS) it runs at once.
 */
export function alone(name, act) {
  return navigator.locks ? navigator.locks.request(`fynlo.${name}`, act) : act();
}
