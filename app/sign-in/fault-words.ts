/** Why a sign-in failed, by the status of the answer; null = no answer. */
export function faultWords(status: number | null, waitSeconds = 0): string {
  if (status === null) return "The server cannot be reached.";
  if (status === 429) return `Too many attempts. Please try again in ${Math.max(1, Math.ceil(waitSeconds / 60))} min.`;
  if (status === 403) return "This is not the console's address (PUBLIC_URL).";
  return "E-mail or password is wrong.";
}
