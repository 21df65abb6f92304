import { z } from "zod";

/** Messages from the supervisor to a process that it started. */
const toChild = z.discriminatedUnion("kind", [
  /** The database is there. */
  z.object({ kind: z.literal("go"), address: z.object({ url: z.string(), ownerUrl: z.string().nullable() }) }),
  /** The first operators and the first configuration are in it. */
  z.object({ kind: z.literal("seeded") }),
  /** how often the embedded PostgreSQL was started again */
  z.object({ kind: z.literal("postgres"), restarts: z.number() }),
  z.object({ kind: z.literal("drain") }),
  z.object({ kind: z.literal("hurry") }),
]);
export type ToChild = z.infer<typeof toChild>;

const credentials = z.object({
  file: z.string(),
  baseUrl: z.string(),
  admin: z.object({ email: z.string(), password: z.string() }),
  operatorToken: z.string(),
  keys: z.record(z.string(), z.string()),
});

/** Messages from a process to the supervisor. */
const toSupervisor = z.discriminatedUnion("kind", [
  /** it listens; earlier messages are lost */
  z.object({ kind: z.literal("hello") }),
  z.object({ kind: z.literal("seeded"), credentials: credentials.nullable() }),
  z.object({ kind: z.literal("ready") }),
  /** it cannot start, and why */
  z.object({ kind: z.literal("fault"), text: z.string() }),
  /** it exits in order */
  z.object({ kind: z.literal("leaving"), isDatabaseAway: z.boolean() }),
]);
export type ToSupervisor = z.infer<typeof toSupervisor>;

/** Null for messages that are not ours: Node's own use the same channel. */
export function asToChild(message: unknown): ToChild | null {
  return toChild.safeParse(message).data ?? null;
}

export function asToSupervisor(message: unknown): ToSupervisor | null {
  return toSupervisor.safeParse(message).data ?? null;
}
