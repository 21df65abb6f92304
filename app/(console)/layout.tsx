import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { Shell } from "../_ui/shell/shell";
import { operator } from "../operator";

export const dynamic = "force-dynamic";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const actor = await operator();
  if (actor === null) redirect("/sign-in");
  return <Shell actor={{ name: actor.name, role: actor.role, tenants: actor.tenants }}>{children}</Shell>;
}
