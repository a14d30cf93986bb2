// What stands in place of the list, or above it, and what to do about it.

import { button, make, named } from "./dom.js";
import { makesContactGroups, MOST_GROUPS } from "./model.js";
import * as words from "./words.js";

const TITLES = { 401: "You are not signed in", 403: "You may not see the groups" };
const NO_SIGN_IN = "This app has no sign-in configured: set EASY_AUTH, or DEV_PRINCIPAL on your own machine.";
const HELP = {
  401: "Sign in with an account of your organisation.",
  403:
    "Ask whoever administers this app in Microsoft Entra to give you the role SyncReader or SyncAdmin, " +
    "then sign in again.",
};
const OTHER_HELP = "Nothing was changed. If it goes on, tell your service provider what this page says.";

/** Who is signed in, what that person may do, and the way out where there is a sign-in. */
export function who({ name, mayChange }, signIn) {
  const right = mayChange ? "may change choices" : "may look";
  const out = signIn ? [" · ", make("a", { href: "/.auth/logout" }, "Sign out")] : [];
  return [named(name || "Signed in"), ` · ${right}`, ...out];
}

/** Why there are no groups to see; `signIn` is where one signs in, empty when this app has no such place. */
export function failed({ status, message }, signIn, retry) {
  const title = TITLES[status] ?? "The groups could not be loaded";
  const help = status === 401 && !signIn ? NO_SIGN_IN : (HELP[status] ?? OTHER_HELP);
  const link = { href: signIn, className: "button main" };
  const way =
    signIn && status in HELP
      ? make("a", link, status === 401 ? "Sign in" : "Sign in again")
      : button("Try again", retry, "main");
  return [make("h2", {}, title), make("p", {}, message), make("p", {}, help), make("p", {}, way)];
}

/** Why the list shows no group. */
export function nothing({ mayChange, refreshedAt, filtered }, { clear, read }) {
  if (filtered) {
    const way = button("Clear search and filters", clear);
    return box("Nothing found", "No group has all of these words and filters.", way);
  }
  if (refreshedAt) return box("There are no groups", "Entra has no group that this app may see.");
  if (!mayChange) return box("The list is empty", "Somebody with the role SyncAdmin has to read it from Entra first.");
  return box(
    "The list is empty",
    "Read it from Entra; that takes some seconds.",
    button("Read the groups from Entra", read, "main"),
  );
}

const box = (title, text, way) => [make("h2", {}, title), make("p", {}, text), way ? make("p", {}, way) : ""];

/** What has to be known before one chooses. */
export function notices({ mayChange, modes, chosen, unsaved, said, wrong }, { showSigns, againAll, dismiss }) {
  const gone = chosen.filter((row) => row.vanished).length;
  const crowded = chosen.length > MOST_GROUPS && makesContactGroups(modes);
  return [
    mayChange ? null : notice("", "You may look at this page. To change choices you need the app role SyncAdmin."),
    crowded ? notice("warn", words.tooMany(chosen.length)) : null,
    gone ? notice("warn", words.gone(gone), button("Show groups with a warning", showSigns, "plain")) : null,
    unsaved > 1 ? notice("wrong", words.unsaved(unsaved), button(words.tryAgain(unsaved), againAll, "plain")) : null,
    said ? notice(wrong ? "wrong" : "", said, button("Dismiss", dismiss, "plain")) : null,
  ].filter(Boolean);
}

const notice = (className, text, way = "") => make("p", { className }, text, " ", way);
