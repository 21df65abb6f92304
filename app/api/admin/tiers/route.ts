import { adminDoor } from "@/lib/console/kernel/door";
import { listTiers } from "@/lib/console/tiers/tiers";

export const GET = adminDoor("tiers.view", listTiers);
