import { adminDoor } from "@/lib/console/door";
import { addPrice, listPrices } from "@/lib/console/prices";

export const GET = adminDoor("prices.view", listPrices);
export const POST = adminDoor("prices.edit", addPrice);
