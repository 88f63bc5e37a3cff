import { GafferdError } from "../../errors.ts";
import type { ProcessTemplate } from "../../template/template.ts";

/** Throws `io_not_redirected` or `io_not_found` unless `target`, a pid or a name, has the output, or any. */
export function assertReadable({ redirectOutput }: ProcessTemplate, label: string | undefined, target: string): void {
  if (redirectOutput.length === 0) {
    throw new GafferdError(
      "io_not_redirected",
      `the output of \`${target}\` is discarded; name it in \`redirect_output\``,
    );
  }
  if (label === undefined || redirectOutput.includes(label)) return;
  const labels = [...new Set(redirectOutput)].map((each) => `\`${each}\``).join(" and ");
  throw new GafferdError("io_not_found", `\`${target}\` has no output \`${label}\`; it has ${labels}`);
}
