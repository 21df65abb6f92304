import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { currentConsole } from "@/lib/console/kernel/context";
import { tenantPage } from "@/lib/console/tenants/tenant-link";
import { OwnPage } from "./own-page";

export const metadata: Metadata = { title: "Usage and limits", robots: { index: false, follow: false } };
export const dynamic = "force-dynamic";

/** A tenant's own page, for any holder of its signed link. */
export default async function Page({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const context = currentConsole();
  const page = context === null ? null : await tenantPage(context, token).catch(() => null);
  if (page === null) notFound();
  return <OwnPage page={page} />;
}
