import type { Metadata } from "next";
import { currentConsole } from "@/lib/console/kernel/context";
import { SignInForm } from "./sign-in-form";

export const metadata: Metadata = { title: "Sign in" };
export const dynamic = "force-dynamic";

export default function SignInPage() {
  return <SignInForm oidcName={currentConsole()?.installation.oidcName ?? null} />;
}
