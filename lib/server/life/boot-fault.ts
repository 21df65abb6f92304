import { BootFault } from "@/lib/errors";

/** Why a start failed, as a person may read it: a line per fault where we know it, else where it happened. */
export function reasonOf(error: unknown): string {
  if (error instanceof BootFault) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export function tellFault(text: string): void {
  const lines = text.split("\n").map((line) => `  ${line}`);
  process.stderr.write(`\nSpillway could not start.\n${lines.join("\n")}\n`);
}
