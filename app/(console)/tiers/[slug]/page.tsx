import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { tierTitle } from "@/lib/console/scope/title-names";
import { operator } from "../../../operator";
import { TierEditor } from "./tier-editor";

type Props = { params: Promise<{ slug: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Tier ${tierTitle(await operator(), (await params).slug)}` };
}

export default async function Page({ params }: Props) {
  const actor = await operator();
  const { slug } = await params;
  return <TierEditor slug={slug} canEdit={actor !== null && can(actor.role, "tiers.edit")} />;
}
