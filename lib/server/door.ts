import type { Env } from "@/lib/env";
import type { Gateway } from "@/lib/gateway/gateway";
import type { Log } from "@/lib/log";
import type { EmergencyDoor } from "./emergency/emergency-door";
import type { BrakeDoor } from "./http/brake-door";
import type { Readiness } from "./life/health";
import type { Guarded } from "./net/front-door";

/** What the HTTP server in front of a process has to know of it. */
export type Door = {
  readonly env: Env;
  readonly log: Log;
  /** what serves calls; null = this process serves none */
  readonly gateway: Gateway | null;
  /** Marks headers that our own server set in front of Next. */
  readonly doorSecret: string;
  /** What the reader of the figures sends. */
  readonly metricsToken: string;
  /** Prometheus' text form. */
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
  /** Simple limits in front of sign-in and the admin API. */
  readonly attempts: {
    /** Milliseconds for which this address is turned away, as known here; 0 = it may come in. Counts nothing. */
    blockedMs(what: Guarded, who: string): number;
    /** Counts one attempt. Returns for how long that address is turned away from now on; 0 = not at all. */
    count(what: Guarded, who: string): Promise<number>;
  };
  /** Brakes where no console is served; null = the console has them, or nobody. */
  readonly brakes: BrakeDoor | null;
  /** Brakes without database or console; null = this process serves no calls. */
  readonly emergency: EmergencyDoor | null;
  isDraining(): boolean;
  ready(): Promise<Readiness>;
};
