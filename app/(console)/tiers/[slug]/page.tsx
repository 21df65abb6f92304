import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { TierEditor } from "./tier-editor";

type Props = { params: Promise<{ slug: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Tier ${(await params).slug}` };
}

export default async function Page({ params }: Props) {
  const actor = await signedIn(await headers());
  const { slug } = await params;
  return <TierEditor slug={slug} canEdit={actor !== null && can(actor.role, "tiers.edit")} />;
}
