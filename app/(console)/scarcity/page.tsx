import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ScarcityPage } from "./scarcity-page";

export const metadata: Metadata = { title: "Scarcity" };

export default async function Page() {
  const actor = await signedIn(await headers());
  const may = (action: "brakes.set" | "tiers.edit") => actor !== null && can(actor.role, action);
  return <ScarcityPage canEdit={may("tiers.edit")} canTakeOut={may("brakes.set")} />;
}
