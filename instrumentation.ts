/**
 * Under plain `next start` (no server of our own in front) the process is built here. Behind our own server it is
 * there already. Next stays up answering 500 when this throws, so a fault ends the process.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs" || process.env.NEXT_PHASE === "phase-production-build") return;
  const { bootUnderNext } = await import("./lib/server/under-next");
  await bootUnderNext();
}
