import type { TLSOptions } from "bun";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf } from "../../reason.ts";
import { GafferdError } from "../../errors.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, followed by those between it and the root. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Only clients with a certificate from this authority are let in; absent: all. */
  readonly clientCaFile?: string;
}

/** What `Bun.serve` takes as `tls`. Throws `bad_value` that names the file at fault. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): TLSOptions {
  const cert = read(certFile, "certfile");
  const key = read(keyFile, "keyfile");
  const certificate = parseCertificate(cert, certFile, "certfile");
  if (!certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw new GafferdError("bad_value", `the key in ${keyFile} is not that of the certificate in ${certFile}`, {
      field: "keyfile",
    });
  }
  if (clientCaFile === undefined) return { cert, key };
  const ca = read(clientCaFile, "client_ca");
  parseCertificate(ca, clientCaFile, "client_ca");
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true };
}

function read(path: string, field: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = messageOf(cause);
    throw new GafferdError("bad_value", `\`${field}\` cannot be read: ${reason}`, { field, cause });
  }
}

function parseCertificate(pem: string, path: string, field: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new GafferdError("bad_value", `${path} (\`${field}\`) holds no certificate in PEM`, { field, cause });
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const advice = pem.includes("ENCRYPTED") ? "; take its passphrase off, for nobody is there to type it" : "";
    throw new GafferdError("bad_value", `${path} (\`keyfile\`) holds no private key in PEM that can be read${advice}`, {
      field: "keyfile",
      cause,
    });
  }
}
