import { GafferdError } from "../../errors.ts";
import type { ProcessTemplate } from "../../template/template.ts";

/**
 * Throws `io_not_redirected` if the template redirects no output, and `io_not_found` if it has no output `label`. `target`
 * is the pid or name to show in the message.
 */
export function assertReadable({ redirectOutput }: ProcessTemplate, label: string | undefined, target: string): void {
  if (redirectOutput.length === 0) {
    throw new GafferdError(
      "io_not_redirected",
      `the output of \`${target}\` is not redirected; add a label to \`redirect_output\``,
    );
  }
  if (label === undefined || redirectOutput.includes(label)) return;
  const labels = [...new Set(redirectOutput)].map((each) => `\`${each}\``).join(" and ");
  throw new GafferdError("io_not_found", `\`${target}\` has no output \`${label}\`; available: ${labels}`);
}
