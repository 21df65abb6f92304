import type { Metadata } from "next";
import { TierList } from "./tier-list";

export const metadata: Metadata = { title: "Tiers" };

export default function Page() {
  return <TierList />;
}
