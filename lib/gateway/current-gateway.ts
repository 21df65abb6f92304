import type { BareHost } from "./exchange/bare-host";
import type { Gateway } from "./gateway";

/**
 * `doorSecret` marks the headers that our own server added in front of Next. `bare`: there is none, as on serverless hosts, and
 * this does what it would; null = there is one, and what did not come through it is not served.
 */
export type CurrentGateway = {
  readonly gateway: Gateway;
  readonly doorSecret: string;
  readonly bare: BareHost | null;
};

/**
 * The gateway of this process. It lives on globalThis because two bundles share the process: our server's, which makes
 * it, and Next's, whose route handlers are the second door.
 */
const HOME = Symbol.for("spillway.gateway");

export function setCurrentGateway(current: CurrentGateway): void {
  Reflect.set(globalThis, HOME, current);
}

export function currentGateway(): CurrentGateway | null {
  const current: CurrentGateway | undefined = Reflect.get(globalThis, HOME);
  return current ?? null;
}
