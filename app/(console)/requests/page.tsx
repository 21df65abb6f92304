import type { Metadata } from "next";
import { Requests } from "./requests";

export const metadata: Metadata = { title: "Requests" };

/** `?id=` opens with that call explained. */
export default async function Page({ searchParams }: { searchParams: Promise<{ id?: string | string[] }> }) {
  const { id = "" } = await searchParams;
  return <Requests key={String(id)} id={String(id)} />;
}
