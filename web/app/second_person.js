// Somebody else who proves on this device who they are, for one command. Their password and tokens are in no storage
// and end with it; the session of this device and its other tabs do not notice.
import { fetchJson } from "./http.js";
import { Problem } from "./problem.js";
import { askToLogIn, endOnServer, restaurant } from "./session.js";

/**
 * Logs them in, runs `act(token)` with an access token of theirs for this restaurant, and logs them out. Answers what
 * `act` answers. Throws Problem: of the log-in, `works_elsewhere`, or what `act` throws.
 */
export async function withSecondPerson({ email, password }, act) {
  const answer = await askToLogIn(email, password);
  let token = answer.access_token;
  try {
    if (answer.restaurant?.id !== restaurant.value.id) token = await tokenHere(token);
    return await act(token);
  } finally {
    endOnServer(token);
  }
}

async function tokenHere(token) {
  const body = { restaurant_id: restaurant.value.id };
  try {
    return (await fetchJson("POST", "/auth/switch", { body, token })).body.access_token;
  } catch (problem) {
    if (problem.code !== "restaurant_not_found") throw problem;
    throw new Problem(problem.status, { code: "works_elsewhere" });
  }
}
