import type { BrakeState } from "@/lib/console/brakes/brake-view";
import type { BrakesOn } from "../brakes-on";

type Scope = BrakeState["scope"];

/**
 * The active brakes on what a page names, by the members of a scope that describe it: a key with its tenant, a model with its
 * provider. `part`: those that name it and something narrower. Others that stop some of its calls are not its own.
 */
export function brakesOnNamed(brakes: readonly BrakeState[], kind: keyof Scope, facts: Scope): BrakesOn {
  const met = brakes.filter(({ scope, mode }) => {
    const members = Object.entries(scope).filter(([, name]) => name !== undefined);
    return (
      mode !== "observe" && members.every(([member, name]) => [undefined, name].includes(Reflect.get(facts, member)))
    );
  });
  const whole = met.filter(({ scope, mode, rampFrom }) => {
    const isCovered = Object.entries(scope).every(([member, name]) => name === undefined || member in facts);
    return isCovered && mode !== "degrade" && rampFrom === null;
  });
  return { whole, part: met.filter((brake) => !whole.includes(brake) && brake.scope[kind] !== undefined) };
}
