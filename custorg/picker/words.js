// Every sentence that depends on what the server told.

import { MOST_GROUPS } from "./model.js";

export const KINDS = [
  ["", "All kinds"],
  ["security", "Security"],
  ["Microsoft 365", "Microsoft 365"],
  ["mail-enabled security", "Mail-enabled security"],
  ["distribution", "Distribution"],
  ["dynamic", "Dynamic"],
];
export const SHOWN = [
  ["all", "All groups"],
  ["chosen", "Chosen groups"],
  ["others", "Groups not chosen"],
  ["signs", "Groups with a warning"],
];
export const SORTS = [
  ["name", "Name"],
  ["chosen", "Chosen first"],
  ["newest", "Newest choice first"],
  ["people", "Most people first"],
  ["few", "Fewest people first"],
  ["kind", "Kind"],
];

const SIGNS = {
  vanished: "Not in Entra any more: its people count as having left it.",
  hidden: "Its people are hidden. It cannot be synced until the app has the permission Member.Read.Hidden.",
  empty: "Nobody is in this group.",
  long: "The name is longer than the 100 letters of a contact group's name: no contact group is made of it.",
};

const MODES = {
  1: "people become contacts",
  2: "each group becomes a contact group",
  3: "contacts are linked to the service group of their group's name",
  4: "people become contacts of the account that has their group's tag",
  5: "each group becomes a contact group with its owners as managers",
};

const OUTLOOK = {
  contact: "Its people become contacts.",
  "contact-group-made": "A contact group of this name will be created.",
  "contact-group-found": "The contact group of this name will be used.",
  "service-group-found": "Contacts are linked to the service group of this name.",
  "service-group-missing": "There is no service group of this name: nobody is linked until somebody makes it.",
  "service-group-ambiguous": "There are several service groups of this name: nobody is linked.",
  "account-found": "Its people become contacts of the account that has this group's tag.",
  "account-missing": "No account has this group's tag: its people are added to none until one has it.",
  "account-ambiguous": "Several accounts have this group's tag: its people are added to none.",
  "account-foreign": "The account that has this group's tag belongs to another customer: it is left alone.",
  "no-tag": "The name has no letter or digit to make a tag of: no account can be found for it.",
  "tag-taken": "Another group's name makes the same tag: neither fills an account.",
  "name-too-long": "The name is too long for a contact group: none is made.",
  "name-taken": "Another group has this name, but for capitals: this one gets no contact group.",
  "owners-manage": "Its owners become managers of the contact group.",
};

const HINDERED = new Set([
  "service-group-missing",
  "service-group-ambiguous",
  "account-missing",
  "account-ambiguous",
  "account-foreign",
  "no-tag",
  "tag-taken",
  "name-too-long",
  "name-taken",
]);

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const NUMBER = new Intl.NumberFormat("en-GB");

/** 5,000 for 5000. */
export const number = (value) => NUMBER.format(value);

/** "1 group", "5,000 groups". */
export const groups = (count) => `${number(count)} ${count === 1 ? "group" : "groups"}`;

/** Date and time here, of an ISO time; empty for an empty one. */
export const time = (iso) => (iso ? DATE.format(new Date(iso)) : "");

/** What stands for a name that is empty. */
export const nameOf = (row) => row.name.trim() || "(a group without a name)";

/** The kind with a capital. */
export const kindOf = (row) => row.kind.charAt(0).toUpperCase() + row.kind.slice(1);

export const sign = (code) => SIGNS[code];

/** What becomes of a group, as `[sentence, whether somebody has to do something]`; an unknown code is left out. */
export const outlook = (row) =>
  row.outlook.filter((code) => code in OUTLOOK).map((code) => [OUTLOOK[code], HINDERED.has(code)]);

/** What is said of a group about which ServOrg told nothing. */
export function unknownOutlook(configured) {
  return configured === null ? "Not known yet." : "Not known yet: it is told after your service provider's next run.";
}

/** How many people and owners, in words. */
export function counts(row) {
  if (row.people === null) return row.countedAt ? "not told" : "not counted yet";
  return `${number(row.people)} ${row.people === 1 ? "person" : "people"}`;
}

export function owners(row) {
  if (row.owners === null) return "";
  return row.owners ? `${number(row.owners)} ${row.owners === 1 ? "owner" : "owners"}` : "no owner";
}

/** Who chose a group, or took it out, and when. */
export function choice(row) {
  if (!row.chosenAt) return "Never chosen";
  return `${row.sync ? "Chosen" : "Taken out"} by ${row.chosenBy || "somebody"}`;
}

/** What the configured modes do, in a sentence. */
export function modes(told, toldAt) {
  if (told === null) return "Your service provider has not told yet what is done with the groups.";
  const parts = told.map((mode) => MODES[mode]).filter(Boolean);
  const what = parts.length ? `${parts.join("; ")}.` : "nothing: no sync mode is configured.";
  return `What is done with them: ${what} (Told on ${time(toldAt)}.)`;
}

/** The sign for too many chosen groups. */
export const tooMany = (count) =>
  `${groups(count)} are chosen, and a contact can be in ${MOST_GROUPS} contact groups. Whoever is in more joins ` +
  `the first ${MOST_GROUPS} by name; the others are left out and named in the report.`;

export const unsaved = (count) => `${groups(count)} could not be saved.`;

export const tryAgain = (count) => `Try all ${number(count)} again`;

export const gone = (count) =>
  (count === 1 ? "1 chosen group is" : `${number(count)} chosen groups are`) + " not in Entra any more.";

/** What a change did, for the line that offers to undo it. */
export function changed(rows, sync) {
  const what = sync ? "chosen for the sync" : "taken out of the sync";
  if (rows.length === 1) return `Saved: \u2068${nameOf(rows[0])}\u2069 is ${what}.`;
  return `Saved: ${groups(rows.length)} are ${what}.`;
}

export const undone = (count) =>
  count === 1 ? "Undone: the group is as it was." : `Undone: ${groups(count)} are as they were.`;

/** What somebody else did meanwhile. */
export function overtaken(row) {
  const did = row.sync ? "chose it for the sync" : "took it out of the sync";
  if (!row.chosenAt)
    return "The list was reset meanwhile, and this group is not chosen any more. Your choice was not saved.";
  const who = row.chosenBy || "Somebody";
  return `${who} ${did} on ${time(row.chosenAt)}, after you loaded this page. Your choice was not saved.`;
}

/** What a refresh did: `dropped` choices in a reset, and why the counting ended early, empty when it did not. */
export function refreshed(dropped, why) {
  const lost =
    dropped === undefined
      ? ""
      : `Started over; ${number(dropped)} ${dropped === 1 ? "choice was" : "choices were"} dropped. `;
  return (
    lost +
    (why
      ? `The list is fresh. Not everybody was counted: ${why}. Counts of before stay.`
      : "The list and its counts are fresh.")
  );
}

export function resetWords(count) {
  const lost = count === 1 ? "This drops 1 choice for good" : `This drops ${number(count)} choices for good`;
  const then =
    "no undo brings back what is dropped, and until groups are chosen again a sync counts their people as having left";
  const what = count ? `${lost}: ${then}.` : "No group is chosen, so no choice is lost.";
  return `${what} The list is then read anew from Entra.`;
}
