import { type Actor, currentConsole } from "./console";
import { sessionActor } from "./door";

/** The operator behind a page request, or null. */
export async function signedIn(headers: Headers): Promise<Actor | null> {
  const console = currentConsole();
  return console === null ? null : sessionActor(console, headers);
}
