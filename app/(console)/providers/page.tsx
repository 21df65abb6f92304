import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ProvidersPage } from "./providers-page";

export const metadata: Metadata = { title: "Providers" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const may = (action: "brakes.set" | "catalog.edit") => actor !== null && can(actor.role, action);
  return <ProvidersPage canEdit={may("catalog.edit")} canTakeOut={may("brakes.set")} />;
}
