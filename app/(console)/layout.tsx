import { redirect, unstable_rethrow } from "next/navigation";
import type { ReactNode } from "react";
import { AwayPage } from "../_ui/notices/away-page";
import { Shell } from "../_ui/shell/shell";
import { operator } from "../operator";

export const dynamic = "force-dynamic";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const actor = await operatorOrAway();
  if (actor === "away") return <AwayPage />;
  if (actor === null) redirect("/sign-in");
  return <Shell actor={{ name: actor.name, role: actor.role, tenants: actor.tenants }}>{children}</Shell>;
}

/** Without the database no session can be read: a page that says so is better than the framework's blank one. */
async function operatorOrAway() {
  try {
    return await operator();
  } catch (thrown) {
    unstable_rethrow(thrown);
    return "away";
  }
}
