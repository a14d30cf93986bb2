// Reading the list anew from Entra, then counting people a part at a time; and starting over.

import { byId, show } from "./dom.js";
import { countSome, refreshList, resetList } from "./server.js";
import * as words from "./words.js";

const PATIENCE = 3; // parts that may count nothing before the counting is given up

/** Reads the list anew, shows it by `reload`, and counts by `take(rows)`; what happened, in sentences. A Failure when
 *  the list could not be read. */
export const refresh = (reload, take) => run(refreshList, reload, take);

/** The same after every choice was dropped. */
export const startOver = (reload, take) => run(resetList, reload, take);

async function run(read, reload, take) {
  tell("Reading the list of groups from Entra…");
  try {
    const told = await read();
    await reload();
    return words.refreshed(told.dropped, await countAll(told.refreshedAt, take));
  } finally {
    show(byId("progress"), false);
  }
}

/** Counts until nobody is left; why it ended early, empty when it did not. */
async function countAll(before, take) {
  let total = null;
  tell("Counting people…");
  for (let idle = 0; idle < PATIENCE;) {
    const { groups, left, why } = await countSome(before).catch(({ message }) => ({
      groups: [],
      left: 1,
      why: message,
    }));
    take(groups);
    if (!left) return "";
    if (why) return why.replace(/\.$/, "");
    total ??= groups.length + left;
    idle = groups.length ? 0 : idle + 1;
    tell(`Counting people: ${words.number(total - left)} of ${words.groups(total)}…`, (total - left) / total);
  }
  return "Entra does not tell";
}

function tell(text, share) {
  show(byId("progress"), true);
  byId("doing").textContent = text;
  if (share === undefined) byId("bar").removeAttribute("value");
  else byId("bar").value = share;
}
