import type { Metadata } from "next";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { ConfigPage } from "./config-page";

export const metadata: Metadata = { title: "Configuration" };

export default async function Page() {
  const actor = await signedIn(await headers());
  if (actor === null || !can(actor.role, "config.view")) notFound();
  return <ConfigPage canApply={can(actor.role, "config.apply")} />;
}
