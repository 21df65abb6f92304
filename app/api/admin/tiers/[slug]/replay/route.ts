import { adminDoor } from "@/lib/console/kernel/door";
import { replayTier } from "@/lib/console/tiers/replay";

export const POST = adminDoor("tiers.replay", replayTier);
