import type { Metadata } from "next";
import { StatementsPage } from "./statements-page";

export const metadata: Metadata = { title: "Statements" };

export default function Page() {
  return <StatementsPage />;
}
