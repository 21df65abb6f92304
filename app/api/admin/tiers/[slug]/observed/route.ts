import { adminDoor } from "@/lib/console/kernel/door";
import { observedOfTier } from "@/lib/console/tiers/observed";

export const GET = adminDoor("tiers.view", observedOfTier);
