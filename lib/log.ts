import pino from "pino";

export type Log = pino.Logger;

/**
 * One JSON line per event on stderr; stdout belongs to what a person reads at start.
 * Bodies, prompts and keys are never handed to it; what it does to texts of errors is the second fence.
 */
export function makeLog(level: string, destination?: pino.DestinationStream): Log {
  return pino(
    {
      level,
      base: { pid: process.pid },
      redact: {
        paths: ["authorization", "*.authorization", "key", "*.key", "password", "*.password"],
        censor: CENSOR,
      },
      serializers: { err: (error: unknown) => errorShape(error), why: (text: unknown) => safeText(String(text)) },
    },
    destination ?? logTo(STDERR),
  );
}

/**
 * Where lines go. A log that cannot be written, as on a full disk, or that nobody reads, loses lines and stops nothing: an
 * error that nobody handles would end the process, lines that wait would fill its memory, and its end would wait for a
 * disk with room.
 */
export function logTo(descriptor: number): ReturnType<typeof pino.destination> {
  const destination = pino.destination({ dest: descriptor, sync: false, maxLength: WAITING_BYTES_MAX });
  const flush = destination.flushSync.bind(destination);
  destination.on("error", () => {
    destination.flushSync = () => undefined;
  });
  destination.on("write", () => {
    destination.flushSync = flush;
  });
  return destination;
}

const STDERR = 2;
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

const CENSOR = "[redacted]";
const TEXT_CHARS_MAX = 500;
const FRAMES_MAX = 15;

/** Name, code, message and frames of an error, without its cause: causes may carry addresses and queries. */
function errorShape(error: unknown): object {
  if (!(error instanceof Error)) return { message: safeText(String(error)) };
  const code = "code" in error ? String(error.code) : undefined;
  return { name: error.name, code, message: safeText(error.message), stack: framesOf(error) };
}

/** A stack begins with the message, however long it is and whatever it quotes: only the frames are logged. */
function framesOf({ stack = "" }: Error): string {
  const frames = stack.split("\n").filter((line) => /^ {4}at /.test(line));
  return frames.slice(0, FRAMES_MAX).join("\n");
}

/** What looks like a secret: a password in an address, a credential of a header, a key, anything long and random. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/(:\/\/[^:@/\s]*:)[^@/\s]+@/g, `$1${CENSOR}@`],
  [/\b(bearer|basic) +\S+/gi, `$1 ${CENSOR}`],
  [/\b(cookie|authorization|x-api-key|password|token)("?\s*[:=]\s*)"?[^\s",;]+/gi, `$1$2${CENSOR}`],
  [/\b(sk-|sw_|AKIA)[\w-]{8,}/g, CENSOR],
  // Request ids may be logged; words without a digit are names.
  [/(?<![\w-])(?!req_)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}/g, CENSOR],
];

/** A text as it may stand in a log: short, on one line, without anything that looks like a secret. */
export function safeText(text: string): string {
  // Cut first: no pattern runs over a text of megabytes. The last word may be half a secret, which none would know.
  const short = text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX).replace(/[\w.~+/=-]+$/, "")}…` : text;
  const safe = SECRETS.reduce((sofar, [pattern, instead]) => sofar.replace(pattern, instead), short);
  return safe.replace(/\s*[\u0000-\u001f\u007f]+\s*/g, " ");
}
