// The page: what it holds, and what happens when a person does something.

import { byId, fill, make, say, show } from "./dom.js";
import { sharedNames, visible } from "./model.js";
import { refresh, startOver } from "./refresh.js";
import { Rows } from "./rows.js";
import { Saving } from "./saving.js";
import { readGroups } from "./server.js";
import { failed, nothing, notices, who } from "./states.js";
import * as words from "./words.js";

const SIGN_IN = document.body.dataset.signIn;

const page = {
  rows: [], // every row, by name
  known: new Map(), // the same by id
  list: [], // what is shown
  selected: new Set(),
  shared: { has: () => false },
  modes: null,
  mayChange: false,
  busy: false,

  row: (id) => page.known.get(id),
  pending: (id) => saving.pending.get(id),
  isSelected: (id) => page.selected.has(id),
  isShared: (row) => page.shared.has(row),
  paint: (id) => rows.paint(id),
  toggle: (id, sync) => saving.choose(id, sync),
  again: (id) => saving.again(id),
  leave: (id) => saving.leave(id),
  select(id, on) {
    if (on) page.selected.add(id);
    else page.selected.delete(id);
    paintSelection();
  },
  put(row) {
    const place = page.rows.indexOf(page.known.get(row.id));
    if (place < 0) return;
    page.rows[place] = row;
    page.known.set(row.id, row);
    paintSoon();
  },
  saved: (changed, sync) => tellLast(words.changed(changed, sync), true),
  undone: (count) => tellLast(words.undone(count), false),
  failed(message) {
    say(byId("alert"), `Not saved. ${message}`);
    paintSoon();
  },
  left: () => paintSoon(),
  overtaken: (rows) =>
    say(byId("alert"), `${words.groups(rows.length)} changed meanwhile: ${words.overtaken(rows[0])}`),
};
const saving = new Saving(page);
const rows = new Rows(page);
const view = () => Object.fromEntries(["search", "kind", "show", "sort"].map((id) => [id, byId(id).value]));

// Loading

async function load() {
  say(byId("alert"), "");
  try {
    take(await readGroups());
  } catch (failure) {
    tellFailure(failure);
    return;
  }
  show(byId("state"), false);
  show(byId("work"), true);
}

/** What the server told becomes what the page shows. */
function take(told) {
  page.rows = told.groups; // by name
  page.known = new Map(page.rows.map((row) => [row.id, row]));
  page.selected = new Set([...page.selected].filter((id) => page.known.has(id)));
  page.shared = sharedNames(page.rows);
  page.modes = told.modes;
  page.mayChange = told.you.mayChange;
  page.refreshedAt = told.refreshedAt;
  page.told = told;
  rows.forget();
  document.body.classList.toggle("reader", !page.mayChange);
  byId("purpose").textContent = told.account
    ? `Choose which Entra groups are kept equal in DeskDirector, in the account ${told.account}.`
    : "Choose which Entra groups are kept equal in DeskDirector.";
  byId("who").replaceChildren(...who(told.you, SIGN_IN));
  paintFacts();
  search();
}

function tellFailure(failure) {
  byId("state").replaceChildren(...failed(failure, SIGN_IN, retry));
  show(byId("state"), true);
  show(byId("work"), false);
}

function retry() {
  byId("state").replaceChildren(make("p", {}, "Loading the groups…"));
  load();
}

// What the page says

function paintFacts() {
  const chosen = page.rows.filter((row) => row.sync);
  byId("chosen").textContent = `${words.number(chosen.length)} of ${words.groups(page.rows.length)} chosen`;
  byId("refreshed").textContent = page.refreshedAt
    ? `List read from Entra on ${words.time(page.refreshedAt)}`
    : "The list has not been read from Entra yet.";
  byId("modes").textContent = words.modes(page.modes, page.told.toldAt);
  paintNotices(chosen);
  for (const id of ["actions", "foot"]) show(byId(id), page.mayChange);
}

let painting = false;

/** Paints the facts once, however many rows have changed. */
function paintSoon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    paintFacts();
  });
}

function paintNotices(chosen) {
  const { mayChange, modes, said, wrong } = page;
  const facts = { mayChange, modes, said, wrong, chosen, unsaved: saving.failed().length };
  byId("notices").replaceChildren(...notices(facts, { showSigns, againAll, dismiss: () => tell("") }));
}

function againAll() {
  byId("search").focus();
  saving.againAll();
}

/** A sentence above the list that stays until it is dismissed. */
function tell(text, wrong = false) {
  page.said = text;
  page.wrong = wrong;
  paintFacts();
  say(byId("alert"), text);
}

function tellLast(text, undoable) {
  byId("undo").hidden = !undoable;
  show(byId("last"), true);
  say(byId("said"), text);
}

// Finding and selecting

function search() {
  page.list = visible(page.rows, view(), page.modes);
  rows.show(page.list);
  byId("found").textContent =
    page.list.length === page.rows.length
      ? words.groups(page.rows.length)
      : `${words.number(page.list.length)} of ${words.groups(page.rows.length)}`;
  paintNothing();
  paintSelection();
}

function paintNothing() {
  const facts = { mayChange: page.mayChange, refreshedAt: page.refreshedAt, filtered: page.rows.length > 0 };
  show(byId("nothing"), !page.list.length);
  if (!page.list.length) byId("nothing").replaceChildren(...nothing(facts, { clear: clearView, read: refreshNow }));
}

function clearView() {
  byId("tools").reset();
  search();
  byId("search").focus();
}

function showSigns() {
  byId("tools").reset();
  byId("show").value = "signs";
  search();
  byId("groups").focus();
}

function paintSelection() {
  const count = page.selected.size;
  const shown = page.list.filter((row) => page.selected.has(row.id)).length;
  const all = byId("all");
  all.checked = shown > 0 && shown === page.list.length;
  all.indeterminate = shown > 0 && shown < page.list.length;
  byId("all-text").textContent = `Select all ${words.number(page.list.length)} shown`;
  show(byId("all-label"), page.mayChange && page.list.length > 0);
  show(byId("selection"), count > 0);
  const hidden = count - shown;
  byId("selected").textContent =
    `${words.number(count)} selected${hidden ? ` (${words.number(hidden)} of them not shown)` : ""}`;
}

function selectAll() {
  for (const row of page.list) page.selected[byId("all").checked ? "add" : "delete"](row.id);
  rows.paintAll();
  paintSelection();
}

function clearSelection() {
  page.selected.clear();
  rows.paintAll();
  paintSelection();
  byId("all").focus();
}

async function chooseSelected(sync) {
  const ids = [...page.selected];
  clearSelection();
  if (!ids.some((id) => page.row(id).sync !== sync)) tellLast("Nothing to save: these groups are so already.", false);
  await saving.chooseAll(ids, sync);
}

// Refreshing and starting over

async function refreshNow() {
  await work(refresh);
}

async function work(task) {
  page.busy = true;
  byId("refresh").setAttribute("aria-disabled", "true");
  tell("");
  try {
    tell(await task(reload, takeCounts));
  } catch (failure) {
    tell(`The list was not read: ${failure.message}`, true);
  } finally {
    page.busy = false;
    byId("refresh").removeAttribute("aria-disabled");
  }
}

async function reload() {
  take(await readGroups());
}

function takeCounts(counted) {
  for (const row of counted) {
    page.put(row);
    rows.paint(row.id);
  }
}

function askReset() {
  byId("reset-words").textContent = words.resetWords(page.rows.filter((row) => row.sync).length);
  byId("confirm").value = "";
  byId("reset-go").disabled = true;
  byId("reset-failed").textContent = "";
  byId("reset-dialog").showModal();
}

async function reset(event) {
  event.preventDefault();
  if (byId("confirm").value.trim() !== "reset" || page.busy) return;
  byId("reset-dialog").close();
  saving.forget();
  page.selected.clear();
  show(byId("last"), false);
  await work(startOver);
}

// Wiring

fill(byId("kind"), words.KINDS);
fill(byId("show"), words.SHOWN);
fill(byId("sort"), words.SORTS);
byId("search").addEventListener("input", search);
for (const id of ["kind", "show", "sort"]) byId(id).addEventListener("change", search);
byId("tools").addEventListener("submit", (event) => event.preventDefault());
byId("all").addEventListener("change", selectAll);
byId("choose-selected").addEventListener("click", () => chooseSelected(true));
byId("drop-selected").addEventListener("click", () => chooseSelected(false));
byId("clear-selected").addEventListener("click", clearSelection);
byId("undo").addEventListener("click", () => {
  byId("search").focus();
  saving.undo();
});
byId("dismiss").addEventListener("click", () => {
  byId("search").focus();
  show(byId("last"), false);
});
byId("refresh").addEventListener("click", () => page.busy || refreshNow());
byId("reset").addEventListener("click", () => page.busy || askReset());
byId("reset-cancel").addEventListener("click", () => byId("reset-dialog").close());
byId("reset-form").addEventListener("submit", reset);
byId("confirm").addEventListener("input", () => {
  byId("reset-go").disabled = byId("confirm").value.trim() !== "reset";
});
window.addEventListener("beforeunload", (event) => saving.isOpen && event.preventDefault());

load();
