// Elements by hand: text is always text, so that no name can become markup.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** A new element: properties, `aria…` and `data…` as attributes; children are elements or texts, or null for none. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "role" || name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A button of type button. */
export const button = (text, onclick, className = "") =>
  make("button", { type: "button", className, on: { click: onclick } }, text);

/** A name on its own: its letters, whichever way they run, change nothing around it. */
export const named = (text, tag = "bdi") => make(tag, { dir: "auto" }, text);

/** Fills a select from `[value, text]` pairs. */
export function fill(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => make("option", { value }, text)));
}

/** Shows `element` or hides it. */
export const show = (element, shown) => {
  element.hidden = !shown;
};

/** Says something to whoever listens, also when it is the same as before. */
export function say(element, text) {
  element.textContent = "";
  if (text)
    requestAnimationFrame(() => {
      element.textContent = text;
    });
}
