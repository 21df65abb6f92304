import { expect } from "vitest";
import type { Performed } from "./catalog-actions";

type Link = { readonly email: string; readonly url: string };

const CHOSEN = "chosen by the invited";

/** A link for a new operator and for one who is there; only the newest of an operator leads anywhere, once. */
export async function performInvitations({ client, change }: Performed, mate: string): Promise<void> {
  const body = { email: "cy@example.test", name: "Cy", role: "viewer" };
  const first = await client.perform<Link & { id: string }>("postInvitations", { body });
  const second = await change<Link>("postStaffIdInvitation", { path: { id: first.id }, body: {} }, "staff.invite");
  expect(await statuses([first, second, second])).toEqual([403, 200, 403]);
  // A new password, and a way out, end links that were made before.
  const ofMate = await change<Link>("postStaffIdInvitation", { path: { id: mate }, body: {} }, "staff.invite");
  await change("postStaffIdPassword", { path: { id: mate }, body: {} }, "staff.password");
  const third = await change<Link>("postStaffIdInvitation", { path: { id: first.id }, body: {} }, "staff.invite");
  await change("patchStaffId", { path: { id: first.id }, body: { disabled: true } }, "staff.edit");
  expect(await statuses([ofMate, third])).toEqual([403, 403]);
}

/** Follows each link, one after the other. */
async function statuses(links: readonly Link[]): Promise<number[]> {
  const all: number[] = [];
  for (const { url } of links) {
    const { origin, hash } = new URL(url);
    const answer = await fetch(`${origin}/api/auth/sign-in/invitation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: hash.slice(1), password: CHOSEN }),
    });
    all.push(answer.status);
  }
  return all;
}
