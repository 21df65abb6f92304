import { filledUrl, PRESETS, presetOf } from "@/lib/providers/presets/presets.shared";

/** What an operator may choose from when adding a provider: the table that calls are placed by. */
export const PROVIDER_KINDS = { all: PRESETS, of: presetOf, urlOf: filledUrl } as const;
