import pino from "pino";

export type Log = pino.Logger;

/**
 * One JSON line per event on stderr; stdout belongs to what a person is told at start.
 * Bodies, prompts and keys are never handed to it; the redaction list is the second fence.
 */
export function makeLog(level: string): Log {
  return pino(
    {
      level,
      base: { pid: process.pid },
      redact: {
        paths: ["authorization", "*.authorization", "key", "*.key", "password", "*.password"],
        censor: "[redacted]",
      },
      serializers: { err: (error: unknown) => errorShape(error) },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** Name, code, message and stack of an error, without its cause: causes may carry addresses and queries. */
function errorShape(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? String(error.code) : undefined;
  return { name: error.name, code, message: error.message.slice(0, 500), stack: error.stack };
}
