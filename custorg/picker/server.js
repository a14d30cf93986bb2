// The picker's routes. What goes wrong is a Failure whose message is for people.

const TIMEOUT = 240_000; // ms; Azure ends a request after 230 s

export class Failure extends Error {
  constructor(status, code, message, body = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

async function ask(method, path, body, headers = {}) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const kind = body === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method,
      ...sent,
      headers: { Accept: "application/json", ...kind, ...headers },
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    text = await answer.text();
  } catch {
    throw new Failure(0, "connection", "The server could not be reached. Check your connection, then try again.");
  }
  return read(answer, text);
}

function read(answer, text) {
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    /* a gateway's own page */
  }
  if (answer.ok && body) return body;
  const said = body?.message ?? `The server answered ${answer.status} without a reason. Try again in a minute.`;
  throw new Failure(answer.status, body?.error ?? "unknown", said, body ?? {});
}

/** All groups, and what is known around them. */
export const readGroups = () => ask("GET", "/api/groups");

/** Chooses one group or takes it out, unless somebody else chose meanwhile (Failure 412 with the newer `group`). */
export const saveChoice = (id, sync, etag) =>
  ask("PATCH", `/api/groups/${encodeURIComponent(id)}`, { sync }, { "If-Match": etag });

/** Several choices `{id, sync, etag}` at once. */
export const saveChoices = (choices) => ask("POST", "/api/groups/choices", { choices });

/** Reads anew which groups there are. */
export const refreshList = () => ask("POST", "/api/groups/refresh", {});

/** Counts people of groups that were last counted before a time, for some seconds. */
export const countSome = (before) => ask("POST", "/api/groups/counts", { before });

/** Empties and rebuilds the list. */
export const resetList = () => ask("POST", "/api/groups/reset", { confirm: "reset" });
