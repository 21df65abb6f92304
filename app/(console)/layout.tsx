import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { Shell } from "../_ui/shell/shell";

export const dynamic = "force-dynamic";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const actor = await signedIn(await headers());
  if (actor === null) redirect("/sign-in");
  return <Shell actor={{ name: actor.name, role: actor.role }}>{children}</Shell>;
}
