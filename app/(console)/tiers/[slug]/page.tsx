import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { TierEditor } from "./tier-editor";

export const metadata: Metadata = { title: "Edit tier" };

export default async function Page({ params }: { params: Promise<{ slug: string }> }) {
  const actor = await signedIn(await headers());
  const { slug } = await params;
  return <TierEditor slug={slug} canEdit={actor !== null && can(actor.role, "tiers.edit")} />;
}
