import { expect, test } from "bun:test";
import { Webhook as Verifier } from "standardwebhooks";
import { parseSecret, sign } from "../../src/webhook/signature.ts";

test("the signature is that of the npm library of Standard Webhooks", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const signed = sign(parseSecret(secret), { id: "msg_1", timestampSeconds: 1614265330, body: '{"a":"ü"}' });
  expect(signed).toBe(new Verifier(secret).sign("msg_1", new Date(1614265330_000), '{"a":"ü"}'));
});

test.each([
  ["", "has 0 bytes"],
  ["whsec_", "has 0 bytes"],
  ["whsec_c2hvcnQ=", "has 5 bytes"],
  [`whsec_${"A".repeat(88)}`, "has 66 bytes"],
  ["my secret of 24 letters!", "is not base64"],
])("%j is no secret", (secret, reason) => {
  expect(() => parseSecret(secret)).toThrow(
    `must be whsec_ and 24 to 64 bytes in base64, and this one ${reason}: \`openssl rand -base64 32\` makes one`,
  );
});
