import { filledUrl, PRESETS, presetOf } from "@/lib/providers/presets/presets.shared";

/** The choices of an operator who adds a provider, from the table that places calls. */
export const PROVIDER_KINDS = { all: PRESETS, of: presetOf, urlOf: filledUrl } as const;
