import { adminDoor } from "@/lib/console/door";
import { listTiers } from "@/lib/console/tiers";

export const GET = adminDoor("tiers.view", listTiers);
