import { adminDoor } from "@/lib/console/kernel/door";
import { listProviders } from "@/lib/console/providers/provider-health";

export const GET = adminDoor("catalog.view", listProviders);
