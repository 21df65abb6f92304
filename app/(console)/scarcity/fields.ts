import type { ScarcityView } from "@/lib/console/scarcity/answers";

export type Settings = ScarcityView["settings"];

/** One number that can be set, in the unit in which people think of it. */
type Field = {
  readonly label: string;
  readonly min: number;
  readonly step: number;
  readonly get: (settings: Settings) => number;
  readonly set: (settings: Settings, value: number) => Settings;
};

const MS_PER_SECOND = 1000;
const BYTES_PER_MB = 1024 * 1024;

type QueueNumber = "ageingMs" | "tenantCallsMax" | "classCallsMax" | "bytesMax" | "floorCalls" | "guessMicroUsd";
type ShedNumber = "loopDelayMs" | "callsShare" | "waitingCalls" | "from" | "halfLifeMs";

const queue = (label: string, name: QueueNumber, unit = 1, min = 1): Field => ({
  label,
  min,
  step: 1,
  get: (settings) => settings.queue[name] / unit,
  set: (settings, value) => ({ ...settings, queue: { ...settings.queue, [name]: Math.round(value * unit) } }),
});

const shed = (label: string, name: ShedNumber, unit = 1): Field => ({
  label,
  min: 1,
  step: 1,
  get: (settings) => settings.shed[name] / unit,
  set: (settings, value) => ({ ...settings, shed: { ...settings.shed, [name]: value * unit } }),
});

const wait = (priority: keyof Settings["queue"]["waitMs"]): Field => ({
  label: `Longest wait, ${priority}, s`,
  min: 0,
  step: 1,
  get: ({ queue: { waitMs } }) => waitMs[priority] / MS_PER_SECOND,
  set: (settings, value) => {
    const waitMs = { ...settings.queue.waitMs, [priority]: Math.round(value * MS_PER_SECOND) };
    return { ...settings, queue: { ...settings.queue, waitMs } };
  },
});

const PERCENT = 0.01;

export const FIELDS: readonly Field[] = [
  wait("interactive"),
  wait("standard"),
  wait("batch"),
  wait("background"),
  queue("Waiting that lifts by one class, s", "ageingMs", MS_PER_SECOND),
  queue("Waiting calls of a tenant", "tenantCallsMax"),
  queue("Waiting calls of a class", "classCallsMax"),
  queue("Waiting bodies, MB", "bytesMax", BYTES_PER_MB),
  queue("A class is served once in so many calls", "floorCalls", 1, 4),
  queue("A call counts as, micro-dollars", "guessMicroUsd", 1, 0),
  shed("Event loop late by, ms", "loopDelayMs"),
  shed("Calls at once, %", "callsShare", PERCENT),
  shed("Calls that wait", "waitingCalls"),
  shed("Shed from a pressure of", "from"),
  shed("Pressure halves in, s", "halfLifeMs", MS_PER_SECOND),
];
