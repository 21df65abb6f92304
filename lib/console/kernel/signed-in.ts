import { type Actor, currentConsole } from "./context";
import { sessionActor } from "./door";

/** The operator behind a page request, or null. */
export async function signedIn(headers: Headers): Promise<Actor | null> {
  const context = currentConsole();
  return context === null ? null : sessionActor(context, headers);
}
