import type { Amounts } from "@/lib/limits/rules/dimensions";
import type {
  Admission,
  AdmitReply,
  AdmitRequest,
  KnownCount,
  Orphan,
  RunningCall,
  SettleRequest,
  WhenNew,
} from "../admission";
import { opened } from "./frames";
import type { AskOptions } from "./line";
import { type Methods, method } from "./serve-port";

type Ask = <Answer>(name: string, argument: unknown, options?: AskOptions) => Promise<Answer>;

/** Filling a store from the ledger takes time. */
const PUBLISH_MS = 60_000;

/** A settlement as sent: what another process charged is computed before. */
type SentSettlement = Omit<SettleRequest, "takenOverAs"> & { readonly takenOverAs: Amounts | null };
type Publication = { version: number; tenantIds: readonly string[]; asksWhenNew: boolean };
type Raise = { counts: readonly KnownCount[]; how: "set" | undefined };

/**
 * The admission port of another process: the third implementation, which decides nothing itself. Every method is one
 * ask. Fail mode: a method without an answer rejects, as the port says.
 */
export class RemoteAdmission implements Admission {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  admit(request: AdmitRequest): Promise<AdmitReply> {
    return this.#ask("admit", request);
  }

  settle({ takenOverAs, ...rest }: SettleRequest): Promise<"settled" | "repeat" | "unknown"> {
    return this.#ask("settle", { ...rest, takenOverAs: takenOverAs?.() ?? null } satisfies SentSettlement);
  }

  heartbeat(request: Parameters<Admission["heartbeat"]>[0]): Promise<"held" | "gone"> {
    return this.#ask("heartbeat", request);
  }

  peek(limits: Parameters<Admission["peek"]>[0]): ReturnType<Admission["peek"]> {
    return this.#ask("peek", limits);
  }

  publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<number> {
    const publication: Publication = { version, tenantIds, asksWhenNew: whenNew !== undefined };
    const question = whenNew && ((value: Buffer) => whenNew(opened<readonly string[]>(value)));
    return this.#ask("publish", publication, { timeoutMs: PUBLISH_MS, ...(question && { question }) });
  }

  raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    return this.#ask("raise", { counts, how } satisfies Raise);
  }

  running(tenantId: string): Promise<readonly RunningCall[]> {
    return this.#ask("running", tenantId);
  }

  reap(request: Parameters<Admission["reap"]>[0]): Promise<readonly Orphan[]> {
    return this.#ask("reap", request);
  }
}

/** Serves an admission port to other processes. */
export function admissionMethods(admission: Admission): Methods {
  return {
    admit: method((request: AdmitRequest) => admission.admit(request)),
    settle: method(({ takenOverAs, ...rest }: SentSettlement) =>
      admission.settle(takenOverAs === null ? rest : { ...rest, takenOverAs: () => takenOverAs }),
    ),
    heartbeat: method((request: Parameters<Admission["heartbeat"]>[0]) => admission.heartbeat(request)),
    peek: method((limits: Parameters<Admission["peek"]>[0]) => admission.peek(limits)),
    publish: method(({ version, tenantIds, asksWhenNew }: Publication, question) =>
      asksWhenNew
        ? admission.publish(version, tenantIds, (unknown) => question<number>(unknown))
        : admission.publish(version, tenantIds),
    ),
    raise: method(({ counts, how }: Raise) => admission.raise(counts, how)),
    running: method((tenantId: string) => admission.running(tenantId)),
    reap: method((request: Parameters<Admission["reap"]>[0]) => admission.reap(request)),
  };
}
