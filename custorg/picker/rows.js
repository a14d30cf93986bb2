// The list on the page. Rows are made as they come into sight, a hundred at a time, and kept; what is out of sight
// costs no layout (`content-visibility` in picker.css). A table's row count and indexes tell of all rows, made or not.

import { button, byId, make, named, show } from "./dom.js";
import { signsOf } from "./model.js";
import * as words from "./words.js";

const FIRST = 40;
const MORE = 100;
const NEAR = "1200px"; // how far below the window rows are made

export class Rows {
  /** `page` tells what a row shows: `row(id)`, `pending(id)`, `modes`, `mayChange`, `isSelected(id)`, `isShared(row)`;
   *  and takes what a person does: `toggle(id, sync)`, `select(id, on)`, `again(id)`, `leave(id)`. */
  constructor(page) {
    this.page = page;
    this.views = new Map();
    this.list = [];
    this.made = 0;
    this.more = byId("more");
    this.more.addEventListener("click", () => this.#showMore(true));
    this.sight = new IntersectionObserver(
      (seen) => {
        if (seen.at(-1).isIntersecting) this.#showMore(false);
      },
      { rootMargin: NEAR },
    );
  }

  /** Shows these rows from the first one on. */
  show(list) {
    const focused = document.activeElement;
    this.list = list;
    this.made = Math.min(FIRST, list.length);
    byId("groups").setAttribute("aria-rowcount", list.length + 1);
    show(byId("groups"), list.length > 0);
    byId("rows").replaceChildren(...list.slice(0, this.made).map((row, index) => this.#element(row, index)));
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.#offerMore();
  }

  /** Paints a row anew where it is made. */
  paint(id) {
    this.views.get(id)?.paint();
  }

  /** Paints every row that is made anew. */
  paintAll() {
    for (const row of this.list.slice(0, this.made)) this.paint(row.id);
  }

  /** Forgets every row that was made: ServOrg's words or rights have changed. */
  forget() {
    this.views.clear();
  }

  #element(row, index) {
    let view = this.views.get(row.id);
    if (!view) this.views.set(row.id, (view = new View(row.id, this.page)));
    else view.paintIfChanged();
    view.element.setAttribute("aria-rowindex", index + 2);
    return view.element;
  }

  #showMore(asked) {
    if (this.made >= this.list.length) return;
    const from = this.made;
    this.made = Math.min(from + MORE, this.list.length);
    byId("rows").append(...this.list.slice(from, this.made).map((row, index) => this.#element(row, from + index)));
    this.#offerMore();
    if (asked) this.views.get(this.list[from].id).focus();
  }

  #offerMore() {
    const left = this.list.length - this.made;
    show(this.more, left > 0);
    this.sight.disconnect(); // begun anew, it tells also when the button is still in sight
    if (left > 0) this.sight.observe(this.more);
    this.more.textContent = `Show ${words.number(Math.min(MORE, left))} more of ${words.groups(this.list.length)}`;
  }
}

/** A text whose addresses may be broken before their `@`. */
const breakable = (text) => text.split("@").flatMap((part, index) => (index ? [make("wbr"), `@${part}`] : [part]));

class View {
  constructor(id, page) {
    this.id = id;
    this.page = page;
    this.select = make("input", { type: "checkbox", on: { change: () => page.select(id, this.select.checked) } });
    this.sync = make("input", {
      type: "checkbox",
      role: "switch",
      on: { change: () => page.toggle(id, this.sync.checked) },
    });
    this.state = make("span", { "aria-hidden": "true", className: "on" });
    this.name = make("span", { role: "cell", className: "name" });
    this.counts = make("span", { role: "cell", className: "counts" });
    this.outlook = make("span", { role: "cell", className: "outlook" });
    this.by = make("span", { role: "cell", className: "by" });
    this.trouble = make("span", { role: "cell", className: "trouble" });
    this.element = make(
      "div",
      { role: "row", className: "row" },
      make("span", { role: "cell", className: "pick" }, this.select),
      this.name,
      this.counts,
      this.outlook,
      this.by,
      make("span", { role: "cell", className: "sync" }, make("label", { className: "switch" }, this.sync, this.state)),
      this.trouble,
    );
    this.paint();
  }

  /** Sets the focus on the row's first control. */
  focus() {
    (this.page.mayChange ? this.select : this.sync).focus();
  }

  paintIfChanged() {
    const { page, id } = this;
    if (this.row !== page.row(id) || this.pending !== page.pending(id) || this.select.checked !== page.isSelected(id))
      this.paint();
  }

  paint() {
    const { page, id } = this;
    const row = (this.row = page.row(id));
    const pending = (this.pending = page.pending(id));
    const wanted = pending && pending.state !== "conflict" ? pending.sync : row.sync;
    const name = words.nameOf(row) + (page.isShared(row) ? `, id ${row.id.slice(0, 8)}` : "");
    this.select.checked = page.isSelected(id);
    this.select.disabled = !page.mayChange;
    this.select.setAttribute("aria-label", `Select ${name}`);
    this.sync.checked = wanted;
    this.sync.disabled = !page.mayChange;
    this.sync.setAttribute("aria-label", `Sync ${name}`);
    this.state.textContent = pending?.state === "saving" ? "Saving…" : wanted ? "Chosen" : "Not chosen";
    this.element.classList.toggle("chosen-row", wanted);
    this.#paintFacts(row);
    this.#paintTrouble(row, pending);
  }

  #paintFacts(row) {
    const signs = signsOf(row, this.page.modes);
    const id = this.page.isShared(row) ? make("code", {}, row.id.slice(0, 8)) : null;
    this.name.replaceChildren(
      make("strong", {}, named(words.nameOf(row))),
      make("span", { className: "kind" }, words.kindOf(row), id && " · id ", id ?? ""),
      signs.length
        ? make(
            "span",
            { className: "signs", role: "list" },
            ...signs.map((code) => make("span", { role: "listitem", className: "sign" }, words.sign(code))),
          )
        : "",
    );
    this.counts.replaceChildren(
      make("span", {}, words.counts(row)),
      make("span", { className: "quiet" }, words.owners(row)),
    );
    this.outlook.replaceChildren(...this.#outlook(row));
    this.by.replaceChildren(
      make("span", {}, make("bdi", {}, ...breakable(words.choice(row)))),
      make("time", { className: "quiet", dateTime: row.chosenAt }, words.time(row.chosenAt)),
    );
  }

  #outlook(row) {
    const said = words.outlook(row);
    if (!said.length) return [make("span", { className: "quiet" }, words.unknownOutlook(this.page.modes))];
    const lead = row.sync ? null : make("span", { className: "quiet" }, "If it is chosen: ");
    return [
      lead,
      ...said.map(([sentence, hindered]) => make("span", { className: hindered ? "warn" : "" }, `${sentence} `)),
    ].filter(Boolean);
  }

  #paintTrouble(row, pending) {
    const { page, id } = this;
    const hadFocus = this.trouble.contains(document.activeElement);
    if (!pending || pending.state === "saving") this.trouble.replaceChildren();
    else if (pending.state === "conflict") {
      this.trouble.replaceChildren(
        make("span", {}, named(words.overtaken(row), "span")),
        button(pending.sync ? "Choose it anyway" : "Take it out anyway", () => page.again(id)),
        button("Leave it as it is", () => page.leave(id), "plain"),
      );
    } else {
      this.trouble.replaceChildren(
        make("span", {}, `Not saved. ${pending.message}`),
        button("Try again", () => page.again(id)),
        button(pending.sync ? "Leave it out" : "Leave it chosen", () => page.leave(id), "plain"),
      );
    }
    show(this.trouble, this.trouble.childElementCount > 0);
    if (hadFocus) this.sync.focus();
  }
}
