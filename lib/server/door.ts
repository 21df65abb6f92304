import type { Env } from "@/lib/env";
import type { Gateway } from "@/lib/gateway/gateway";
import type { Log } from "@/lib/log";
import type { EmergencyDoor } from "./emergency/emergency-door";
import type { BrakeDoor } from "./http/brake-door";
import type { Readiness } from "./life/health";
import type { Guarded } from "./net/front-door";

/** What the HTTP server in front of a process needs to know of it. */
export type Door = {
  readonly env: Env;
  readonly log: Log;
  /** serves calls; null = this process serves none */
  readonly gateway: Gateway | null;
  /** Marks headers that our own server set in front of Next. */
  readonly doorSecret: string;
  /** The token that a reader of the metrics must send. */
  readonly metricsToken: string;
  /** Prometheus' text form. */
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
  /** Simple limits in front of sign-in and the admin API. */
  readonly attempts: {
    /** Milliseconds for which this address is refused, as known here; 0 = not refused. Counts nothing. */
    blockedMs(what: Guarded, who: string): number;
    /** Counts one attempt. Returns the milliseconds for which the address is refused from now on; 0 = not refused. */
    count(what: Guarded, who: string): Promise<number>;
  };
  /** Brakes where no console is served; null = the console serves them, or they are not served. */
  readonly brakes: BrakeDoor | null;
  /** Brakes without database or console; null = this process serves no calls. */
  readonly emergency: EmergencyDoor | null;
  isDraining(): boolean;
  ready(): Promise<Readiness>;
};
