import type { DatabaseAddress } from "../boot/installation";
import type { Exit } from "../life/drain";
import { asToChild, type ToSupervisor } from "./messages";

/** The supervisor as seen by a process that it started. */
export type Parent = {
  /** Where the database is, as soon as it runs. */
  readonly address: Promise<DatabaseAddress>;
  /** Resolves when the database has its first operators and its first configuration. */
  readonly seeded: Promise<void>;
  postgresRestarts(): number;
  /** Resolves when the message is sent. */
  tell(message: ToSupervisor): Promise<void>;
  /** From now on its message, or a SIGTERM to this process alone, starts the shutdown. */
  obey(exit: Exit): void;
};

/**
 * Listens to the supervisor. A process whose supervisor is gone ends at once, because nothing would restart or stop it.
 * Its open calls are in the journal, and the next start settles them. Ctrl-C reaches every process of a terminal; the
 * supervisor passes it on.
 */
export function listenToParent(): Parent {
  let restarts = 0;
  let exit: Exit | null = null;
  let wanted: "drain" | "hurry" | null = null;
  let go: (address: DatabaseAddress) => void = () => undefined;
  let seed: () => void = () => undefined;
  const address = new Promise<DatabaseAddress>((resolve) => {
    go = resolve;
  });
  const seeded = new Promise<void>((resolve) => {
    seed = resolve;
  });
  const leave = (how: "drain" | "hurry") => {
    wanted = how;
    // A process that has not begun to serve has nothing to drain.
    if (exit === null) process.exit(0);
    exit.begin();
    if (how === "hurry") exit.hurry();
  };
  process.on("message", (received) => {
    const message = asToChild(received);
    if (message === null) return;
    switch (message.kind) {
      case "go":
        return go(message.address);
      case "seeded":
        return seed();
      case "postgres":
        restarts = message.restarts;
        return;
      case "drain":
      case "hurry":
        return leave(message.kind);
      default:
        return message satisfies never;
    }
  });
  process.on("disconnect", () => process.exit(1));
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => leave("drain"));
  const tell = (message: ToSupervisor) =>
    new Promise<void>((resolve) => {
      if (process.send === undefined) resolve();
      else process.send(message, undefined, undefined, () => resolve());
    });
  void tell({ kind: "hello" });
  return {
    address,
    seeded,
    tell,
    postgresRestarts: () => restarts,
    obey: (own) => {
      exit = own;
      if (wanted !== null) leave(wanted);
    },
  };
}
