// Ids that clients make: UUIDv7, so that they sort by the time they were made.

const state = { at: 0, count: 0 };

/** A new UUIDv7. Two made in the same millisecond on this page still differ and sort in order. */
export function newId(now = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const at = Math.max(now, state.at);
  state.count = at === state.at ? state.count + 1 : 0;
  state.at = at;
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(at / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = 0x70 | ((state.count >> 8) & 0x0f);
  bytes[7] = state.count & 0xff;
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
