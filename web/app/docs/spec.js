// OpenAPI 3.1 -> what the documentation page shows. Pure.

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH_MAX = 3;

/** Every operation, in the order of the document. */
export function operationsOf(spec) {
  const found = [];
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS) if (item[method]) found.push(operationOf(method, path, item[method], spec));
  }
  return found;
}

function operationOf(method, path, raw, spec) {
  const errors = errorsOf(raw.responses);
  const permission = raw["x-permission"] || "public";
  const tag = raw.tags?.[0] || "other";
  const codes = errors.flatMap((error) => error.codes);
  const words = [method, path, raw.summary, raw.description, permission, tag, ...codes];
  return {
    id: `${method}${path.replace(/[^a-z0-9]+/gi, "-")}`,
    method,
    path,
    tag,
    permission,
    errors,
    summary: raw.summary || "",
    description: raw.description || "",
    parameters: (raw.parameters || []).map((one) => ({
      name: one.name,
      required: Boolean(one.required),
      where: one.in,
      type: `${typeOf(one.schema, spec)} in ${one.in}`,
      about: one.description || "",
    })),
    body: contentsOf(raw.requestBody?.content),
    answers: Object.entries(raw.responses)
      .filter(([status]) => status.startsWith("2"))
      .map(([status, answer]) => ({ status, ...contentsOf(answer.content)[0] })),
    text: words.join(" ").toLowerCase(),
  };
}

function contentsOf(content = {}) {
  return Object.entries(content).map(([type, one]) => ({ type, schema: one.schema, example: one.example }));
}

function errorsOf(responses) {
  return Object.entries(responses)
    .filter(([status]) => status.startsWith("4") || status.startsWith("5"))
    .map(([status, answer]) => {
      const examples = Object.values(answer.content || {}).flatMap((one) => Object.keys(one.examples || {}));
      return { status, codes: examples, about: answer.description || "" };
    });
}

/** What the contract says of each value that a field may have: [[value, words]]. */
export function describedValues(spec, schema, field) {
  const { description = "", examples = [] } = spec.components.schemas[schema].properties[field];
  const said = Object.fromEntries(description.split("\n\n").map((text) => text.split(/: (.*)/s)));
  return examples.map((value) => [value, said[value] || ""]);
}

/** The fields of an object schema, nested ones with their path: `lines[].item_id`. */
export function fieldsOf(schema, spec, prefix = "", depth = 0) {
  const object = resolved(schema, spec);
  if (!object?.properties || depth > DEPTH_MAX) return [];
  const required = new Set(object.required || []);
  return Object.entries(object.properties).flatMap(([name, raw]) => {
    const path = prefix + name;
    const field = { name: path, required: required.has(name), type: typeOf(raw, spec), about: aboutOf(raw, spec) };
    const inner = innerOf(raw, spec);
    return inner ? [field, ...fieldsOf(inner.schema, spec, `${path}${inner.mark}.`, depth + 1)] : [field];
  });
}

function innerOf(raw, spec) {
  const schema = present(resolved(raw, spec), spec);
  if (schema.type === "array") {
    const items = present(resolved(schema.items, spec), spec);
    return items.properties ? { schema: items, mark: "[]" } : null;
  }
  return schema.properties ? { schema, mark: "" } : null;
}

function resolved(schema, spec) {
  let found = schema || {};
  while (found.$ref) found = spec.components.schemas[found.$ref.split("/").pop()] || {};
  return found;
}

/** The alternative of a nullable schema that is not null. */
function present(schema, spec) {
  const other = schema.anyOf?.find((one) => one.type !== "null");
  return other ? resolved(other, spec) : schema;
}

function typeOf(raw, spec) {
  const schema = resolved(raw, spec);
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, spec)).join(" or ");
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${typeOf(schema.items, spec)}`;
  return schema.format ? `${schema.type} (${schema.format})` : schema.type || "any";
}

const RULES = [
  ["minLength", "at least", "characters"],
  ["maxLength", "at most", "characters"],
  ["minimum", "from", ""],
  ["exclusiveMinimum", "above", ""],
  ["maximum", "to", ""],
  ["maxItems", "at most", "entries"],
  ["pattern", "like", ""],
];

function aboutOf(raw, spec) {
  const schema = present(resolved(raw, spec), spec);
  const rules = RULES.filter(([name]) => schema[name] !== undefined).map(([name, before, after]) =>
    `${before} ${schema[name]} ${after}`.trim(),
  );
  const fallback = raw.default !== undefined && raw.default !== null ? [`default ${JSON.stringify(raw.default)}`] : [];
  // What a client gets may be a value that this document does not know yet.
  const values = schema.examples && !raw.description?.includes(`${schema.examples[0]}: `) ? [`one of ${schema.examples.join(", ")}`] : [];
  return [raw.description, [...values, ...rules, ...fallback].join(", ")].filter(Boolean).join(" ");
}
