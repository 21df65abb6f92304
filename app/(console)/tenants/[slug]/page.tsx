import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { TenantPage } from "./tenant-page";

export const metadata: Metadata = { title: "Tenant" };

export default async function Page({ params }: { params: Promise<{ slug: string }> }) {
  const actor = await signedIn(await headers());
  const { slug } = await params;
  const may = (action: "tenants.edit" | "keys.edit" | "keys.revoke" | "tiers.edit" | "notes.edit") =>
    actor !== null && can(actor.role, action);
  return (
    <TenantPage
      slug={slug}
      canEdit={may("tenants.edit")}
      canMakeKeys={may("keys.edit")}
      canRevoke={may("keys.revoke")}
      canBoost={may("tiers.edit")}
      canWrite={may("notes.edit")}
    />
  );
}
