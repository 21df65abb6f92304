import { adminDoor } from "@/lib/console/door";
import { replayTier } from "@/lib/console/replay";

export const POST = adminDoor("tiers.replay", replayTier);
