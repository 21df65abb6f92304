"use client";

// A separate file: a lazy import of the whole package would load all of its charts.
export { BarChart } from "@mantine/charts";
export { ReferenceArea } from "recharts";
