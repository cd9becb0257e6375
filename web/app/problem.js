// What the API refuses, and how we say it to somebody with a queue in front of them.

/** A refusal or failure. `status` 0: no answer came, so nobody knows whether it happened. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || "Something went wrong");
    this.status = status;
    this.code = document.code || "unknown";
    this.document = document;
    this.retryAfter = document.retry_after || 0;
  }

  /** Whether the same request may be sent again and may then work. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 502 || this.code === "idempotency_in_flight";
  }
}

/** No answer: the network is down, or the server is. */
export function noAnswer() {
  return new Problem(0, { code: "no_answer", detail: "No connection to the server." });
}

const WORDS = {
  no_answer: "No connection to the server. Check the network.",
  outcome_unknown: "No answer came, so we do not know yet whether it was done. Try again: it is only done once.",
  invalid_credentials: "That e-mail and password do not fit together.",
  locked_out: "Too many attempts. Wait a moment before you try again.",
  rate_limited: "That was a little fast. Try again in a moment.",
  service_unavailable: "The server is busy for a moment. Try again.",
  deadline_exceeded: "The server is busy for a moment. Try again.",
  weak_password: "This password is too easy to guess. Take at least 12 characters that only you would put together.",
  password_required: "A password is needed.",
  current_password_wrong: "That is not your present password.",
  link_invalid: "This link was used, or it was withdrawn.",
  link_expired: "This link is too old.",
  too_many_attempts: "That was too often from here. Try again in a few minutes.",
  too_many_invitations: "That are many invitations. Try again in a few minutes.",
  already_member: "This person works here already.",
  role_above_own: "This role is above your own. Ask the owner.",
  last_owner: "Somebody has to own the restaurant. Make somebody else an owner first.",
  validation_failed: "Check what you have typed: the server does not take it.",
  mail_queue_full: "No mail can be sent for a moment. Try again.",
  token_expired: "Your session has ended. Log in again.",
  token_revoked: "You were logged out on another device.",
  token_reused: "This session was used in two places. Log in again.",
  permission_missing: "You may not do that. Ask a manager.",
  approval_needed: "Nobody has approved it yet: a manager or the owner has to.",
  approval_needs_reason: "Say why: what is approved is kept with its reason.",
  works_elsewhere: "This person does not work here.",
  no_membership: "This person does not work here.",
  drawer_short: "There is not that much in the drawer.",
  insufficient_stock: "There is not enough left of one of these items.",
  unknown_table: "This table is not there any more. Choose another one.",
  table_occupied: "An order is still open at this table.",
  table_full: "Too many orders are open at this table.",
  slot_full: "The kitchen cannot take more for that time. Choose another one.",
  promise_too_soon: "The kitchen cannot be ready by then. Choose a later time.",
  promise_too_far: "Orders are not taken that far ahead.",
  promise_closed: "Nothing is promised for that time of the day. Choose another one.",
  promise_other_day: "An order keeps its day. Cancel it and place it anew for the other one.",
  rates_unknown: "This order was taken before it could be switched. Place it anew.",
  unknown_item: "One of these items is no longer on the menu.",
  option_count: "An item needs another choice of options.",
  menu_outdated: "The menu has just changed. Check the basket and send it again.",
  till_not_open: "Open the till first: cash goes into an open drawer.",
  till_already_open: "This till is open already.",
  bill_closed: "This bill is closed.",
  bill_paid: "This bill is paid already.",
  check_paid: "This check is paid already.",
  check_not_found: "This order was split in another way meanwhile. Look at its checks again.",
  unknown_check: "This order was split in another way meanwhile. Look at its checks again.",
  checks_paid: "Somebody has paid on a check that would change. It has to be refunded first.",
  amounts_above_total: "That is more than what is left to split.",
  shares_above_line: "More of a line is given out than there is.",
  split_too_large: "That are too many checks and shares for one order.",
  order_not_payable: "This order cannot be paid now.",
  amount_above_balance: "That is more than what is due.",
  tendered_too_little: "That is less than what is due.",
  method_not_offered: "This way to pay is not set up here yet.",
  allergy_not_acknowledged: "A guest has an allergy: somebody in the kitchen has to acknowledge it first.",
  allergy_changed: "The guest's allergy has just changed. Read it again.",
  unreadable_phone: "That is no telephone number. Write it with its area code, from abroad with + and the country.",
  unknown_customer: "This customer is not there any more.",
  nothing_to_print: "Only an order that is placed has a bill.",
  nothing_stays: "That is all of it: move the whole order, or merge it.",
  orders_differ: "These orders are reckoned in different ways: each is paid by itself.",
  order_merged: "Others are part of that order. Merge into it instead, or take it apart first.",
  order_split: "That order is split. Make it one bill first.",
  too_many_merged: "That are too many orders for one bill.",
  balance_open: "This order is not paid yet.",
  refund_required: "Money has been paid on it: that has to be refunded first.",
  too_few_left: "There are not that many left of this line: somebody voided some meanwhile.",
  line_voided: "Nothing is left of this line.",
  void_required: "The kitchen has it: void what is not wanted any more.",
  too_many_lines: "This order is full. Make another one for the rest.",
  order_in_flux: "Somebody else is changing this order. Try again.",
  order_paid: "This order is paid at this price, so its discount stays.",
  promotion_applies: "A promotion comes by itself and stays.",
  too_many_discounts: "This order has as many discounts as there may be.",
  variance_needs_reason: "The count differs from what should be there. Say why.",
  variance_needs_manager: "The count differs by too much: a manager or the owner has to approve it.",
  half_paid_orders: "Some cash orders are only paid in part. Finish them before you close.",
  parked_event_not_found: "Somebody has settled this event already. Load the list again.",
  unreadable_image: "That is no picture that we can show. Take a JPEG, PNG or WebP of up to 25 megapixels.",
  image_not_sent: "The picture has not arrived. Send it again.",
  unknown_upload: "That took too long. Choose the picture again.",
  too_many_uploads: "Many pictures are on their way. Try again in some minutes.",
  name_taken: "Something of that name is there already. Choose another one.",
  category_not_empty: "Items are still in it: move or remove them first.",
  unknown_timed_menu: "Somebody has removed this menu.",
  unknown_category: "Somebody has removed this category. Choose another one.",
  discount_value: "Say how much is taken off.",
  section_not_empty: "Tables are in this section. Move or remove them first.",
  unknown_section: "This section is not there any more. Choose another one.",
  too_many_tables: "The floor has as many tables as there may be.",
  too_many_sections: "The floor has as many sections as there may be.",
  table_reserved: "Somebody is expected at this table already.",
  table_not_found: "This table is not there any more.",
  section_not_found: "This section is not there any more.",
  reservation_over: "This time is over already. Choose a later one.",
  reservation_too_far: "That is too far ahead: at most a year from now.",
  station_in_use: "Tickets are open at this station. It can be removed when they are done.",
  station_not_found: "This station is not there any more.",
  default_station_needed: "Some station has to take what no other does. Give that to another one first.",
  too_many_stations: "Too many stations take some of this already, or the kitchen has as many as there may be.",
  too_many_routes: "The stations have as many routes as there may be. Remove one first.",
  unknown_fallback: "The station that takes over is not there any more. Choose another one.",
  unknown_printer: "This printer is not there any more. Choose another one.",
  unknown_station: "This station is not there any more. Choose another one.",
  printer_not_found: "This printer is not there any more.",
  too_many_printers: "There are as many printers as there may be.",
  print_job_over: "That is printed meanwhile, or is printed elsewhere.",
  no_printer: "No printer prints that. Add one, or choose a printer.",
  not_counted: "It is made of ingredients, so they are counted, and not itself.",
  ingredient_in_use: "An item is made of it. Take it out of the recipes first.",
  supplier_in_use: "Something comes from this supplier. Say first where that comes from.",
  unknown_ingredient: "This ingredient is not there any more.",
  unknown_supplier: "This supplier is not there any more.",
  stale_version: "Somebody else keeps changing this. Look at it again, and try once more.",
  recall_too_late: "That was ready too long ago to call it back.",
};

/** A sentence for people. Unknown codes keep the server's own words. */
export function say(problem) {
  if (!(problem instanceof Problem)) return "Something went wrong on this page. Reload it.";
  const words = WORDS[problem.code] || problem.message;
  const about = problem.document.item_name ? ` (${problem.document.item_name})` : "";
  if (problem.code === "insufficient_stock" && problem.document.item_name) return problem.message + about;
  if (problem.code === "locked_out" && problem.retryAfter) {
    return `Too many attempts. Try again in ${wait(problem.retryAfter)}.`;
  }
  return words;
}

function wait(seconds) {
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
