// A request as a line for a terminal. Pure.

/** A text that a shell takes as it is. */
const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** The address of a path template with its values; empty query values are left out. */
export function addressOf(path, parameters, values) {
  const filled = path.replace(/\{([^}]+)\}/g, (whole, name) => (values[name] ? encodeURIComponent(values[name]) : whole));
  const query = parameters
    .filter((one) => one.where === "query" && values[one.name])
    .map((one) => `${encodeURIComponent(one.name)}=${encodeURIComponent(values[one.name])}`);
  return query.length ? `${filled}?${query.join("&")}` : filled;
}

/** The headers that the values give: [[name, value]]. */
export function headersOf(parameters, values) {
  return parameters.filter((one) => one.where === "header" && values[one.name]).map((one) => [one.name, values[one.name]]);
}

/** The command. `$TOKEN` stands for the access token. */
export function curlOf(operation, origin, values, body) {
  const address = origin + addressOf(operation.path, operation.parameters, values);
  const parts = [`curl -sS -X ${operation.method.toUpperCase()} ${quoted(address)}`];
  if (operation.permission !== "public") parts.push('-H "Authorization: Bearer $TOKEN"');
  for (const [name, value] of headersOf(operation.parameters, values)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`);
  return parts.join(" \\\n  ");
}
