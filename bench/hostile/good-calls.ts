export const GOOD_EVERY_MS = 50;

/** Calls at a steady pace, each on its own: how long they took, and why some were not served. */
export async function goodCalls(ask: () => Promise<Response>, seconds: number) {
  const took: number[] = [];
  /** the second in which each began, and its ms */
  const each: { second: number; ms: number }[] = [];
  const start = performance.now();
  /** status or error of each call that was not served */
  const failed: Record<string, number> = {};
  const call = async () => {
    const began = performance.now();
    const answer = await ask().catch((error: unknown) => error);
    const text = answer instanceof Response ? await answer.text() : "";
    const ms = performance.now() - began;
    took.push(ms);
    each.push({ second: Math.round((began - start) / 100) / 10, ms: Math.round(ms) });
    const how = answer instanceof Response ? howOf(answer, text) : reasonOf(answer);
    if (how !== "200") failed[how] = (failed[how] ?? 0) + 1;
  };
  const calls: Promise<void>[] = [];
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    calls.push(call());
    await new Promise((resolve) => setTimeout(resolve, GOOD_EVERY_MS));
  }
  await Promise.all(calls);
  took.sort((one, two) => one - two);
  const refused = Object.values(failed).reduce((sum, count) => sum + count, 0);
  const slowest = each.sort((one, two) => two.ms - one.ms).slice(0, Math.ceil(took.length * 0.01) + 1);
  return { slowest, p99: Math.round(took[Math.floor(took.length * 0.99)] ?? 0), calls: took.length, refused, failed };
}

/** Its status, and its text if it is not 200. */
function howOf({ status }: Response, text: string): string {
  return status === 200 ? "200" : `${status} ${text.slice(0, 300)}`;
}

/** The operating system's error of a failed request, which fetch keeps as its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return String((cause instanceof Error && Reflect.get(cause, "code")) || cause || error);
}
