import { Badge } from "@mantine/core";
import type { PlaceView } from "@/lib/console/providers/answers";

const WORDS = { open: "in service", cooling: "cooling down", probing: "being tried", taken_out: "taken out" };
const COLOURS = { open: "teal.9", cooling: "yellow.9", probing: "yellow.9", taken_out: "gray.7" };

/** Whether a provider, a credential or a model gets calls. */
export function PlaceState({ state }: Pick<PlaceView, "state">) {
  return (
    <Badge tt="none" color={COLOURS[state]}>
      {WORDS[state]}
    </Badge>
  );
}

/** The stricter state of a credential and a model of it. */
export function narrowerState<Place extends Pick<PlaceView, "state">>(credential: Place, model: Place): Place {
  return credential.state === "open" ? model : credential;
}
