import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { TenantList } from "./tenant-list";

export const metadata: Metadata = { title: "Tenants" };

export default async function Page() {
  const actor = await signedIn(await headers());
  return <TenantList canEdit={actor !== null && can(actor.role, "tenants.edit")} />;
}
