import { BootFault } from "@/lib/errors";

/** Why a start failed, for people: one line per known fault, otherwise the place where it happened. */
export function reasonOf(error: unknown): string {
  if (error instanceof BootFault) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export function tellFault(text: string): void {
  const lines = text.split("\n").map((line) => `  ${line}`);
  process.stderr.write(`\nSpillway could not start.\n${lines.join("\n")}\n`);
}
