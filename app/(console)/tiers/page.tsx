import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { TierList } from "./tier-list";

export const metadata: Metadata = { title: "Tiers" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <TierList canEdit={actor !== null && can(actor.role, "tiers.edit")} />;
}
