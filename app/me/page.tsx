import type { Metadata } from "next";
import { MyLimits } from "./my-limits";

export const metadata: Metadata = { title: "My limits" };
export const dynamic = "force-dynamic";

/** For whoever holds an API key: no sign-in, the key itself is what shows. */
export default function Page() {
  return <MyLimits />;
}
