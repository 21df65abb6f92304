import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ReconciliationPage } from "./reconciliation-page";

export const metadata: Metadata = { title: "Reconciliation" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <ReconciliationPage canEdit={actor !== null && can(actor.role, "reconciliation.edit")} />;
}
