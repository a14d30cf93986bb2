// Choices on their way to the server: shown at once, kept on the page until they are saved, undone by one step.

import { saveChoice, saveChoices } from "./server.js";

const CONFLICT = 412;

export class Saving {
  /** `page` has `row(id)`, and takes `put(row)` for a newer row, `paint(id)`, `saved(rows, sync)`, `undone(count)`,
   *  `failed(message)`, `left()` and `overtaken(rows)`. */
  constructor(page) {
    this.page = page;
    this.pending = new Map(); // id → {sync, state: saving | failed | conflict, message}
    this.last = null; // what undo takes back: {ids, sync before}
  }

  /** Whether a choice on the page is not on the server. */
  get isOpen() {
    return this.pending.size > 0;
  }

  /** Saves one choice. While one is being saved, the newest wish is remembered and saved after it. */
  async choose(id, sync) {
    const before = this.pending.get(id);
    const saving = before?.state === "saving";
    this.#mark(id, { sync, state: "saving" });
    if (!saving) await this.#send(id);
  }

  /** Saves the same choice for several groups, in one request. */
  async chooseAll(ids, sync) {
    const open = ids.filter((id) => this.page.row(id).sync !== sync && this.pending.get(id)?.state !== "saving");
    if (open.length === 1) return this.choose(open[0], sync);
    if (open.length > 1) await this.#sendAll(open.map((id) => ({ id, sync })));
    return undefined;
  }

  /** Sends a choice that was not saved once more; after a conflict that is to overwrite what is on the server. */
  again(id) {
    return this.choose(id, this.pending.get(id).sync);
  }

  /** The groups whose choice could not be saved. */
  failed() {
    return [...this.pending].filter(([, pending]) => pending.state === "failed").map(([id]) => id);
  }

  /** Sends all of those once more. */
  async againAll() {
    for (const sync of [true, false]) {
      const choices = this.failed()
        .filter((id) => this.pending.get(id).sync === sync)
        .map((id) => ({ id, sync }));
      if (choices.length) await this.#sendAll(choices);
    }
  }

  /** Gives up a choice that was not saved. */
  leave(id) {
    this.#mark(id, null);
    this.page.left();
  }

  /** Takes the last saved change back. */
  async undo() {
    if (!this.last) return;
    const { ids, sync } = this.last;
    this.last = null;
    const rows = ids.filter((id) => this.page.row(id)).map((id) => ({ id, sync }));
    await this.#sendAll(rows, { undoing: true });
  }

  /** Forgets all of it: the list is another one. */
  forget() {
    this.pending.clear();
    this.last = null;
  }

  #mark(id, pending) {
    if (pending) this.pending.set(id, pending);
    else this.pending.delete(id);
    this.page.paint(id);
  }

  async #send(id) {
    const { sync } = this.pending.get(id);
    try {
      this.page.put(await saveChoice(id, sync, this.page.row(id).etag));
    } catch (failure) {
      this.#refused(id, sync, failure);
      return;
    }
    if (this.pending.get(id).sync !== sync) {
      await this.#send(id);
      return;
    }
    this.#mark(id, null);
    this.#remember([id], sync);
  }

  #refused(id, sync, failure) {
    if (failure.status !== CONFLICT) {
      this.#mark(id, { ...this.pending.get(id), state: "failed", message: failure.message });
      this.page.failed(failure.message);
      return;
    }
    this.#overtaken([failure.body.group], sync);
  }

  async #sendAll(choices, { undoing = false } = {}) {
    for (const { id, sync } of choices) this.#mark(id, { sync, state: "saving" });
    const sync = choices[0].sync;
    let told;
    try {
      told = await saveChoices(choices.map((one) => ({ ...one, etag: this.page.row(one.id).etag })));
    } catch (failure) {
      for (const { id } of choices)
        this.#mark(id, { sync: this.#wish(id, sync), state: "failed", message: failure.message });
      this.page.failed(failure.message);
      return;
    }
    const message = "This group is not in the list any more: load the page again.";
    for (const id of told.missing) this.#mark(id, { sync: this.#wish(id, sync), state: "failed", message });
    this.#overtaken(told.conflicts, sync);
    for (const row of told.groups) this.page.put(row);
    const newer = told.groups.filter(({ id }) => this.#wish(id, sync) !== sync);
    const saved = told.groups.filter((row) => !newer.includes(row)).map(({ id }) => id);
    for (const id of saved) this.#mark(id, null);
    if (saved.length && undoing) this.page.undone(saved.length);
    else if (saved.length) this.#remember(saved, sync);
    await Promise.all(newer.map(({ id }) => this.#send(id)));
  }

  /** What is wished for a group by now, which may be another thing than was sent. */
  #wish(id, sent) {
    return this.pending.get(id)?.sync ?? sent;
  }

  /** Rows that somebody else changed: where he wished the same, nothing is left to ask. */
  #overtaken(rows, sync) {
    for (const row of rows) {
      const wish = this.#wish(row.id, sync);
      this.page.put(row);
      this.#mark(row.id, row.sync === wish ? null : { sync: wish, state: "conflict" });
    }
    if (rows.length) this.page.overtaken(rows);
  }

  #remember(ids, sync) {
    this.last = { ids, sync: !sync };
    this.page.saved(
      ids.map((id) => this.page.row(id)),
      sync,
    );
  }
}
