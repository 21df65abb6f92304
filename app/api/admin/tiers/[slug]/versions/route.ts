import { adminDoor } from "@/lib/console/kernel/door";
import { listVersions } from "@/lib/console/tiers/tier-versions";

export const GET = adminDoor("tiers.view", listVersions);
