import { adminDoor } from "@/lib/console/door";
import { listProviders } from "@/lib/console/provider-health";

export const GET = adminDoor("catalog.view", listProviders);
