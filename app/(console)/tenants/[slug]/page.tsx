import type { Metadata } from "next";
import { can } from "@/lib/console/kernel/can.shared";
import { tenantTitle } from "@/lib/console/scope/title-names";
import { Ahead } from "../../../_ui/data/ahead";
import { operator, readAhead } from "../../../operator";
import { firstUsagePath } from "../../spend/usage-asked";
import { TenantPage } from "./tenant-page";

type Props = {
  params: Promise<{ slug: string }>;
  searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
};

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: tenantTitle(await operator(), (await params).slug) };
}

export default async function Page({ params, searchParams }: Props) {
  const actor = await operator();
  const { slug } = await params;
  const may = (action: "tenants.edit" | "brakes.set" | "keys.edit" | "keys.revoke" | "tiers.edit" | "notes.edit") =>
    actor !== null && can(actor.role, action);
  return (
    <Ahead answers={await readAhead([...readsOf(slug), firstUsagePath(await searchParams, slug, Date.now())])}>
      <TenantPage
        slug={slug}
        canEdit={may("tenants.edit")}
        canStop={may("brakes.set")}
        canMakeKeys={may("keys.edit")}
        canRevoke={may("keys.revoke")}
        canBoost={may("tiers.edit")}
        canWrite={may("notes.edit")}
      />
    </Ahead>
  );
}

/** What the parts of the page read, except its chart. */
function readsOf(slug: string): string[] {
  const name = encodeURIComponent(slug);
  const own = ["", "/nearest", "/limits", "/features", "/clients", "/notes"].map((part) => `tenants/${name}${part}`);
  return [...own, `quota?tenant=${name}`, `overrides?tenant=${name}`, `keys?tenant=${name}`, "config/managed"];
}
