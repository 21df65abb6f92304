import { adminDoor } from "@/lib/console/kernel/door";
import { overview } from "@/lib/console/overview/overview";

export const GET = adminDoor("overview.view", overview);
