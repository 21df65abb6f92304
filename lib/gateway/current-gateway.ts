import type { BareHost } from "./exchange/bare-host";
import type { FrontedCalls } from "./exchange/fronted-calls";
import type { Gateway } from "./gateway";

/**
 * `doorSecret` marks the headers that our own server added in front of Next. `bare`: replaces that server on serverless
 * hosts. Null = the server exists, and requests that did not pass it are not served. `fronted`: calls that it has passed to
 * Next.
 */
export type CurrentGateway = {
  readonly gateway: Gateway;
  readonly doorSecret: string;
  readonly bare: BareHost | null;
  readonly fronted: FrontedCalls;
};

/**
 * The gateway of this process. It is stored on globalThis because two bundles share the process: our server, which
 * creates it, and Next, whose route handlers are the second door.
 */
const HOME = Symbol.for("spillway.gateway");

export function setCurrentGateway(current: CurrentGateway): void {
  Reflect.set(globalThis, HOME, current);
}

export function currentGateway(): CurrentGateway | null {
  const current: CurrentGateway | undefined = Reflect.get(globalThis, HOME);
  return current ?? null;
}
