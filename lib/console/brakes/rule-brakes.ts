import { insertBrake, knownBrakes } from "@/db/queries/operators/brakes";
import type { WantedBrake } from "@/lib/alerts/watch";
import { eachAlone } from "@/lib/each-alone";
import { change } from "../kernel/change";
import type { Actor, ConsoleContext } from "../kernel/context";

/**
 * Sets the brakes that alert rules request, once per alert. The brake's id comes from the alert's id, so a brake that
 * an operator lifted is not set again while the alert is open, and no brake is lost if a process dies in between.
 */
export async function setRuleBrakes(context: ConsoleContext, wanted: readonly WantedBrake[]): Promise<void> {
  if (wanted.length === 0) return;
  const known = await knownBrakes(context.db, wanted.map(brakeIdOf));
  await eachAlone(wanted, async (one) => {
    const id = brakeIdOf(one);
    if (known.has(id)) return;
    const now = context.clock.now();
    const actor: Actor = {
      name: `rule "${one.rule}"`,
      role: "operator",
      tenants: null,
      address: "rule",
      session: null,
    };
    const { scope, mode, reason, minutes } = one;
    const dates = { createdAt: new Date(now), expiresAt: new Date(now + minutes * 60_000) };
    await change(context, actor, async (tx) => {
      await insertBrake(tx, { id, scope, mode, reason, publicMessage: null, createdBy: actor.name, ...dates });
      const after = { scope, mode, expiresAt: dates.expiresAt.toISOString() };
      return { result: null, change: { action: "brakes.set", target: id, before: null, after, reason } };
    });
  });
}

function brakeIdOf({ alertId }: WantedBrake): string {
  return `brk_${alertId.replace(/^alr_/, "").replaceAll("-", "").slice(0, 20)}`;
}
