import { adminDoor } from "@/lib/console/door";
import { listVersions } from "@/lib/console/tier-versions";

export const GET = adminDoor("tiers.view", listVersions);
