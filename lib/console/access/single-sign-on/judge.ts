import { AsyncLocalStorage } from "node:async_hooks";
import type { Person } from "./person";

/** Says whether a person may come in. */
type Judge = (person: Person) => Promise<boolean>;

/**
 * The judge of a callback, for the sign-in library that calls back without the request. One per process, because our
 * server's bundle builds the library and Next's bundle serves the callback.
 */
const HOME = Symbol.for("spillway.single-sign-on");

function judges(): AsyncLocalStorage<Judge> {
  const known: AsyncLocalStorage<Judge> | undefined = Reflect.get(globalThis, HOME);
  if (known !== undefined) return known;
  const made = new AsyncLocalStorage<Judge>();
  Reflect.set(globalThis, HOME, made);
  return made;
}

/** Runs a callback under a judge. */
export function withJudge<T>(judge: Judge, work: () => Promise<T>): Promise<T> {
  return judges().run(judge, work);
}

/** Nobody comes in without a judge. */
export async function judged(person: Person): Promise<boolean> {
  return (await judges().getStore()?.(person)) ?? false;
}
