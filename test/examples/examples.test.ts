import { expect, test } from "bun:test";
import { join } from "node:path";

const folder = join(import.meta.dir, "../../examples");

test.concurrent.each(["bun dummy.ts", "./dummy.ts", "./dummy.py"])(
  "%s says hello every second, and goodbye on SIGTERM",
  async (cmd) => {
    const dummy = Bun.spawn({ cmd: cmd.split(" "), cwd: folder, stdout: "pipe", stderr: "inherit" });
    const output = dummy.stdout.pipeThrough(new TextDecoderStream()).values();
    let text = "";
    while (!text.includes("hello 2\n")) text += (await output.next()).value ?? expect.unreachable("it ended early");
    dummy.kill("SIGTERM");
    for await (const more of { [Symbol.asyncIterator]: () => output }) text += more;
    expect(text).toBe("hello 1\nhello 2\ngoodbye\n");
    expect(await dummy.exited).toBe(0);
  },
);

test.each(["bun echo.ts", "./echo.ts", "./echo.sh"])(
  "%s answers at once, without waiting for a newline, and ends with its stdin",
  async (cmd) => {
    const echo = Bun.spawn({ cmd: cmd.split(" "), cwd: folder, stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const output = echo.stdout.pipeThrough(new TextDecoderStream()).values();
    for (const words of ["hello", " \\backslash\n", "and  spaces\n\n"]) {
      await echo.stdin.write(words);
      expect(await output.next()).toEqual({ done: false, value: words });
    }
    await echo.stdin.end();
    expect(await output.next()).toMatchObject({ done: true });
    expect(await echo.exited).toBe(0);
  },
);
