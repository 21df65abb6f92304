import { readEnv } from "@/lib/env";
import { currentGateway } from "@/lib/gateway/current";
import { boot } from "./boot";

/** Builds the process inside Next's own server, once. */
export async function bootUnderNext(): Promise<void> {
  if (currentGateway() !== null) return;
  try {
    const running = await boot(readEnv(), { seedDemo: false, tell: (step) => process.stdout.write(`  ${step}\n`) });
    process.once("SIGTERM", () => void running.stop());
  } catch (error) {
    process.stderr.write(`\nSpillway could not start.\n  ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
