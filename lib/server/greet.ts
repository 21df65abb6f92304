import type { Env } from "@/lib/env";
import type { Credentials } from "./demo";

/** The text shown when the server is up. Secrets are shown at the first start only. */
export function greet(input: { env: Env; credentials: Credentials | null; tookMs: number }): void {
  const { env, credentials, tookMs } = input;
  const lines = [
    `Spillway is up after ${(tookMs / 1000).toFixed(1)} s`,
    "",
    `  console     ${env.publicUrl}`,
    `  OpenAI      ${env.publicUrl}/v1`,
  ];
  if (credentials !== null) {
    lines.push(`  sign in     ${credentials.admin.email}   ${credentials.admin.password}`);
    lines.push(`  operator    ${credentials.operatorToken}`);
    for (const [name, key] of Object.entries(credentials.keys))
      lines.push(`  key ${name.padEnd(11)} ${key}`.replace("key ", "key  "));
    lines.push("", `  All of it is in ${credentials.file} (readable by you alone; not shown again).`);
    const { standard } = credentials.keys;
    if (standard !== undefined) {
      lines.push(
        "",
        "Try it:",
        "",
        `  curl ${env.publicUrl}/api/chat -H 'authorization: Bearer ${standard}' \\`,
        `    -H 'content-type: application/json' -d '{"message":"Hello"}'`,
      );
    }
  }
  process.stdout.write(`\n${lines.join("\n")}\n\n`);
}
