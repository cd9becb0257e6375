// Where does this go? Answered by the rule that sends orders to the kitchen, and by nothing that is reckoned here.
import { get } from "../../api.js";
import { instantOf, localDate, serverNow, timeOfDay } from "../../clock.js";
import { restaurant } from "../../session.js";
import { orderTypeName, plain } from "../../text.js";
import { Refusal, Segmented } from "../../ui.js";
import { html, useEffect, useState } from "../../view.js";
import { items, stations } from "./known.js";
import { ORDER_TYPES } from "./routes.js";
import { optionsOf } from "./sold.js";

const types = ORDER_TYPES.map((value) => ({ value, label: orderTypeName(value) }));

export function Tester() {
  const [itemId, setItemId] = useState("");
  const [optionId, setOptionId] = useState("");
  const [type, setType] = useState("eat_in");
  const [time, setTime] = useState("");
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const item = items.value.find((one) => one.id === itemId);
  const options = item ? optionsOf(item) : [];
  const parts = options.filter((option) => option.item_id);
  const zone = restaurant.value.timezone;
  const known = stations.value.map((one) => `${one.id}${one.version}`).join();
  useEffect(() => {
    setFound(null);
    setProblem(null);
    if (!itemId) return undefined;
    let over = false;
    const asked = new URLSearchParams({ order_type: type });
    if (optionId) asked.set("option_id", optionId);
    if (time) asked.set("at", instantOf(localDate(serverNow(), zone), time, zone));
    get(`/kitchen/items/${itemId}/stations?${asked}`).then(
      (answer) => over || setFound(answer.items),
      (refusal) => over || setProblem(refusal),
    );
    return () => {
      over = true;
    };
  }, [itemId, optionId, type, time, known]);
  const pick = (event) => {
    setItemId(event.target.value);
    setOptionId("");
  };
  return html`<section class="panel stack" aria-label="Where does this go?" data-tester>
    <h2>Where does this go?</h2>
    ${!items.value.length && html`<p class="quiet">Nothing is on the menu yet.</p>`}
    <div class="two">
      <label class="field">Item <select name="tested-item" value=${itemId} onChange=${pick}>
        <option value="">Choose…</option>
        ${items.value.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select></label>
      <label class="field">With <select name="tested-option" value=${optionId} disabled=${!options.length} onChange=${(event) => setOptionId(event.target.value)}>
        <option value="">No option that matters</option>
        ${options.map((one) => html`<option key=${one.id} value=${one.id}>${plain(one.name)}</option>`)}</select></label>
    </div>
    <${Segmented} label="Order type" value=${type} options=${types} onChange=${setType} />
    <label class="field">Fired at <input type="time" name="tested-time" value=${time || timeOfDay(serverNow(), zone)}
      onInput=${(event) => setTime(event.target.value)} /></label>
    <div role="status" aria-live="polite">
      ${found?.length > 0 && html`<p class="notice good" data-goes-to=${found.map((one) => one.name).join(", ")}>It goes to <strong><bdi>${found.map((one) => plain(one.name)).join(", ")}</bdi></strong>.</p>`}
      ${found?.length === 0 && html`<p class="notice bad" data-goes-to="">It goes nowhere: no open station takes it, so an order with it is not sent to the kitchen.</p>`}
      ${parts.length > 0 && html`<p class="quiet">This is a combo: each of its parts is cooked where it belongs. Ask for the parts one by one.</p>`}
    </div>
    <${Refusal} problem=${problem} />
  </section>`;
}
