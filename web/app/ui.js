// What several pages show. Each component lives in a file of its own in ui/; the page /ui shows them all.
export { AmountField } from "./ui/amount_field.js";
export { ApprovalDialog } from "./ui/approval.js";
export { Connection, connectionWords } from "./ui/connection.js";
export { Dialog } from "./ui/dialog.js";
export { DragList } from "./ui/drag_list.js";
export { FloorTile } from "./ui/floor_tile.js";
export { KeysHelp, useKeys } from "./ui/keys.js";
export { Keypad } from "./ui/keypad.js";
export { MoneyPad } from "./ui/money_pad.js";
export { NumberField } from "./ui/number_field.js";
export { Offline } from "./ui/offline.js";
export { Refusal } from "./ui/refusal.js";
export { rove } from "./ui/rove.js";
export { Segmented } from "./ui/segmented.js";
export { Stepper } from "./ui/stepper.js";
export { toast, Toasts, toastUndo } from "./ui/toast.js";
