// Places in a list, with as few of them changed as its new order needs. Pure.

/** Between two positions where there is room, so that the next row that comes between them changes nothing else. */
const GAP = 10;

/**
 * The positions that change so that `rows` ([{id, position}] as they shall stand) have rising ones: {id: position}. Those
 * that can stay do, since each that changes is a change of the menu of its own.
 */
export function newPositions(rows) {
  const kept = stayers(rows);
  const changed = {};
  let last = -1;
  rows.forEach((row, index) => {
    let position = row.position;
    if (!kept.has(index)) {
      const next = rows.findIndex((_, place) => place > index && kept.has(place));
      const room = next === -1 ? GAP : Math.floor((rows[next].position - last) / (next - index + 1));
      position = last + Math.min(GAP, room);
    }
    if (position !== row.position) changed[row.id] = position;
    last = position;
  });
  return changed;
}

/**
 * The most rows that can keep their positions: between two of them there has to be room for the rows that stand there,
 * so that what is compared is a row's position less its place, which must not fall.
 */
function stayers(rows) {
  const best = rows.map((row, index) => {
    const room = row.position - index;
    return room < 0 ? null : { index, room, length: 1, before: null };
  });
  let longest = null;
  for (const one of best) {
    if (!one) continue;
    for (const other of best.slice(0, one.index)) {
      if (other && other.room <= one.room && other.length >= one.length) {
        one.length = other.length + 1;
        one.before = other;
      }
    }
    if (!longest || one.length > longest.length) longest = one;
  }
  const kept = new Set();
  for (let one = longest; one; one = one.before) kept.add(one.index);
  return kept;
}
