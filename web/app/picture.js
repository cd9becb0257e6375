// The picture of an item: announced, sent to wherever pictures lie, and confirmed.
import { command } from "./api.js";
import { noAnswer, Problem } from "./problem.js";

/** What a picture may be, for the field that chooses a file. */
export const PICTURE_TYPES = ["image/jpeg", "image/png", "image/webp"];
const SEND_MS = 120_000;
/** A picture is looked at before the item has it. */
const CONFIRM_MS = 25_000;

/**
 * Gives an item, as it was read, the picture in a file. Answers the item as it is then; throws Problem (412: somebody has
 * changed the item meanwhile; 422: it is no picture that we take).
 */
export async function uploadPicture(item, file) {
  const address = `/menu/items/${item.id}/image`;
  const upload = await command(address, { content_type: file.type, bytes: file.size }, { method: "PUT" });
  await send(upload, file);
  const limits = { seen: item.version, patience: CONFIRM_MS, timeout: CONFIRM_MS };
  return command(`${address}/confirm`, { upload_id: upload.upload_id }, limits);
}

/** Takes the picture off an item, as it was read. Answers the item as it is then; throws Problem. */
export function removePicture(item) {
  return command(`/menu/items/${item.id}/image`, undefined, { method: "DELETE", seen: item.version });
}

/** The address says by itself who may send: no token goes along, for it may be another server's. */
async function send(upload, file) {
  let answer;
  try {
    answer = await fetch(upload.upload_url, {
      method: "PUT",
      headers: upload.headers,
      body: file,
      signal: AbortSignal.timeout(SEND_MS),
      credentials: "omit",
      cache: "no-store",
    });
  } catch {
    throw noAnswer();
  }
  if (!answer.ok) {
    throw new Problem(answer.status, { code: "picture_not_sent", detail: "The picture could not be sent. Try again." });
  }
}
