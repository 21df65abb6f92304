import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ScarcityPage } from "./scarcity-page";

export const metadata: Metadata = { title: "Scarcity" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <ScarcityPage canEdit={actor !== null && can(actor.role, "tiers.edit")} />;
}
