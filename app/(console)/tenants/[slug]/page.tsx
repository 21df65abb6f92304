import type { Metadata } from "next";
import { headers } from "next/headers";
import { can } from "@/lib/console/kernel/can.shared";
import { signedIn } from "@/lib/console/kernel/signed-in";
import { TenantPage } from "./tenant-page";

type Props = { params: Promise<{ slug: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).slug };
}

export default async function Page({ params }: Props) {
  const actor = await signedIn(await headers());
  const { slug } = await params;
  const may = (action: "tenants.edit" | "brakes.set" | "keys.edit" | "keys.revoke" | "tiers.edit" | "notes.edit") =>
    actor !== null && can(actor.role, action);
  return (
    <TenantPage
      slug={slug}
      canEdit={may("tenants.edit")}
      canStop={may("brakes.set")}
      canMakeKeys={may("keys.edit")}
      canRevoke={may("keys.revoke")}
      canBoost={may("tiers.edit")}
      canWrite={may("notes.edit")}
    />
  );
}
