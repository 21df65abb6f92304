import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { EveryoneEditor } from "./everyone-editor";

export const metadata: Metadata = { title: "Limits for everyone" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <EveryoneEditor canEdit={actor !== null && can(actor.role, "tiers.edit")} />;
}
