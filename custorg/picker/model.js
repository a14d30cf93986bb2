// What the page knows of groups, without any page: searching, sorting, warning signs.

const LONG_NAME = 100; // letters that a contact group's name can have
export const MOST_GROUPS = 50; // contact groups that a contact can be in
const MAKES_CONTACT_GROUPS = [2, 5];

const KINDS = {
  "": () => true,
  security: (row) => row.kind === "security",
  "Microsoft 365": (row) => row.kind === "Microsoft 365",
  "mail-enabled security": (row) => row.kind === "mail-enabled security",
  distribution: (row) => row.kind === "distribution",
  dynamic: (row) => row.kind.startsWith("dynamic"),
};

const SHOWN = {
  all: () => true,
  chosen: (row) => row.sync,
  others: (row) => !row.sync,
  signs: (row, modes) => signsOf(row, modes).length > 0,
};

const SORTS = {
  name: () => 0,
  people: (one, other) => (other.people ?? -1) - (one.people ?? -1),
  few: (one, other) => (one.people ?? Infinity) - (other.people ?? Infinity) || 0,
  newest: (one, other) => (one.chosenAt < other.chosenAt) - (one.chosenAt > other.chosenAt),
  chosen: (one, other) => other.sync - one.sync,
  kind: (one, other) => one.kind.localeCompare(other.kind),
};

/** Text as it is compared: without case and accents, as the server's search does it. */
export const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const plains = new Map(); // by name, since names are searched at each letter

function plainName(name) {
  if (!plains.has(name)) plains.set(name, plain(name));
  return plains.get(name);
}

/** The rows that a view `{search, kind, show, sort}` has, of rows by name, the order that others keep among equals. */
export function visible(rows, view, modes) {
  const words = plain(view.search).split(/\s+/).filter(Boolean);
  const isKind = KINDS[view.kind];
  const isShown = SHOWN[view.show];
  const found = rows.filter(
    (row) => isKind(row) && isShown(row, modes) && words.every((word) => plainName(row.name).includes(word)),
  );
  return view.sort === "name" ? found : found.sort(SORTS[view.sort]);
}

/** Whether contact groups are made, as far as is known. */
export const makesContactGroups = (modes) =>
  modes === null || modes.some((mode) => MAKES_CONTACT_GROUPS.includes(mode));

/** The codes of a group's warning signs. */
export function signsOf(row, modes) {
  const signs = [];
  if (row.vanished) signs.push("vanished");
  if (row.hidden) signs.push("hidden");
  if (row.people === 0 && !row.vanished && !row.hidden) signs.push("empty");
  if ([...row.name].length > LONG_NAME && makesContactGroups(modes)) signs.push("long");
  return signs;
}

/** The names that several groups have: there an id has to tell them apart. */
export function sharedNames(rows) {
  const seen = new Set();
  const shared = new Set();
  for (const row of rows) (seen.has(plainName(row.name)) ? shared : seen).add(plainName(row.name));
  return { has: (row) => shared.has(plainName(row.name)) };
}
