import type { Spillway } from "../fixtures/spillway";
import type { ConsoleRow } from "./rows/console";

/** Sends a row; what is wrong about its answer in words, or null. */
export async function faultOf(spillway: Spillway, row: ConsoleRow): Promise<string | null> {
  const { method, path, body, headers = {}, isStranger, answer, never } = row;
  const operator = { authorization: `Bearer ${spillway.demo.operatorToken}`, "content-type": "application/json" };
  const sent = typeof body === "object" ? JSON.stringify(body) : body;
  const got = await fetch(spillway.baseUrl + path, {
    method,
    redirect: "manual",
    headers: isStranger ? { ...headers } : { ...operator, ...headers },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await got.text();
  if (!answer.includes(got.status))
    return `${row.what}: ${got.status}, not ${answer.join(" or ")}: ${text.slice(0, 200)}`;
  return never?.test(text) === true ? `${row.what}: it tells ${never.exec(text)?.[0]}` : null;
}
