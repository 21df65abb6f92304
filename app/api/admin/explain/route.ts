import { adminDoor } from "@/lib/console/door";
import { explain } from "@/lib/console/usage";

export const GET = adminDoor("ledger.view", explain);
