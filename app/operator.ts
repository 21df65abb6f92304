import { headers } from "next/headers";
import { cache } from "react";
import { type AheadAnswer, answersAhead } from "@/lib/console/api/ahead";
import { ADMIN_ROUTES } from "@/lib/console/api/table";
import { signedIn } from "@/lib/console/kernel/signed-in";

/** The operator behind this page's request, or null; looked up once for the frame and the page. */
export const operator = cache(async () => signedIn(await headers()));

/** What the page's parts read first, by its path in the admin API; sent while the browser loads the scripts. */
export async function readAhead(paths: readonly string[]): Promise<AheadAnswer[]> {
  return answersAhead(await operator(), ADMIN_ROUTES, paths);
}
