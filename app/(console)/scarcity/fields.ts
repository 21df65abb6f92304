import type { ScarcityView } from "@/lib/console/scarcity/answers";

export type Settings = ScarcityView["settings"];

/** One number that can be set, in a unit for people. */
type Field = {
  readonly label: string;
  readonly min: number;
  readonly get: (settings: Settings) => number;
  readonly set: (settings: Settings, value: number) => Settings;
};
type Group = { readonly title: string; readonly about: string; readonly fields: readonly Field[] };

const MS_PER_SECOND = 1000;
const BYTES_PER_MB = 1024 * 1024;
const PERCENT = 0.01;

type QueueNumber = "ageingMs" | "tenantCallsMax" | "classCallsMax" | "bytesMax" | "floorCalls" | "guessMicroUsd";
type ShedNumber = "loopDelayMs" | "callsShare" | "waitingCalls" | "from" | "halfLifeMs";

const queue = (label: string, name: QueueNumber, unit = 1, min = 1): Field => ({
  label,
  min,
  get: (settings) => settings.queue[name] / unit,
  set: (settings, value) => ({ ...settings, queue: { ...settings.queue, [name]: Math.round(value * unit) } }),
});

const shed = (label: string, name: ShedNumber, unit = 1): Field => ({
  label,
  min: 1,
  get: (settings) => settings.shed[name] / unit,
  set: (settings, value) => ({ ...settings, shed: { ...settings.shed, [name]: value * unit } }),
});

const wait = (priority: keyof Settings["queue"]["waitMs"]): Field => ({
  label: `Longest wait, ${priority}, s`,
  min: 0,
  get: ({ queue: { waitMs } }) => waitMs[priority] / MS_PER_SECOND,
  set: (settings, value) => {
    const waitMs = { ...settings.queue.waitMs, [priority]: Math.round(value * MS_PER_SECOND) };
    return { ...settings, queue: { ...settings.queue, waitMs } };
  },
});

const PLACES = ["first", "second", "third"] as const;

/** Share of tenants by the rank of their tier; the last one holds for all above. */
const weight = (place: number): Field => {
  const weightAt = ({ queue: { weights } }: Settings, index: number) => weights[index] ?? weights.at(-1) ?? 1;
  return {
    label: `Share of a tenant, ${PLACES[place]} tier`,
    min: 0.01,
    get: (settings) => weightAt(settings, place),
    set: (settings, value) => {
      const [first, ...more] = PLACES.map((_, index) => (index === place ? value : weightAt(settings, index)));
      return { ...settings, queue: { ...settings.queue, weights: [first ?? value, ...more] } };
    },
  };
};

export const GROUPS: readonly Group[] = [
  {
    title: "Longest waits",
    about: "After that a call is refused.",
    fields: [wait("interactive"), wait("standard"), wait("batch"), wait("background")],
  },
  {
    title: "Order",
    about: "The more urgent class first, then the tenant that has used less, then the earlier call.",
    fields: [
      queue("Wait that raises a call's class, s", "ageingMs", MS_PER_SECOND),
      queue("Calls between turns of a class", "floorCalls", 1, 4),
      queue("Weight of one call, micro-dollars", "guessMicroUsd", 1, 0),
    ],
  },
  {
    title: "Shares of tenants",
    about: "Within one class, by the tier's place in the list of tiers. The third value applies to all higher tiers.",
    fields: PLACES.map((_, place) => weight(place)),
  },
  {
    title: "Queue size",
    about: "Per process. When the queue is full, the newest of the least urgent calls is refused.",
    fields: [
      queue("Waiting calls of a tenant", "tenantCallsMax"),
      queue("Waiting calls of a class", "classCallsMax"),
      queue("Waiting bodies, MB", "bytesMax", BYTES_PER_MB),
    ],
  },
  {
    title: "Pressure",
    about: "Each of the first three values means a pressure of 1. The highest pressure counts.",
    fields: [
      shed("Event loop delay, ms", "loopDelayMs"),
      shed("Concurrent calls, %", "callsShare", PERCENT),
      shed("Waiting calls", "waitingCalls"),
      shed("Shed from pressure", "from"),
      shed("Pressure halves in, s", "halfLifeMs", MS_PER_SECOND),
    ],
  },
];
