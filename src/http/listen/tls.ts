import type { TLSOptions } from "bun";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { messageOf } from "../../reason.ts";
import { GafferdError } from "../../errors.ts";
import { readFileText, UnsuitableFileError } from "../../files/open-file.ts";

const maxPemBytes = 1024 * 1024;

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, followed by intermediate certificates. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Accept only clients with a certificate from this authority. Absent to accept all. */
  readonly clientCaFile?: string;
}

/** Reads the `tls` option of `Bun.serve`. Throws `bad_value` that names the invalid file. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): TLSOptions {
  const cert = read(certFile, "certfile");
  const key = read(keyFile, "keyfile");
  const certificate = parseCertificate(cert, certFile, "certfile");
  if (!certificate.checkPrivateKey(parseKey(key, keyFile))) {
    throw new GafferdError("bad_value", `the key in ${keyFile} does not match the certificate in ${certFile}`, {
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
    return readFileText(path, { maxBytes: maxPemBytes });
  } catch (cause) {
    const reason = cause instanceof UnsuitableFileError ? `${path}: ${cause.message}` : messageOf(cause);
    throw new GafferdError("bad_value", `cannot read \`${field}\`: ${reason}`, { field, cause });
  }
}

function parseCertificate(pem: string, path: string, field: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new GafferdError("bad_value", `${path} (\`${field}\`) does not contain a PEM certificate`, { field, cause });
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const advice = pem.includes("ENCRYPTED") ? "; remove its passphrase: gafferd cannot ask for it" : "";
    throw new GafferdError("bad_value", `${path} (\`keyfile\`) does not contain a readable PEM private key${advice}`, {
      field: "keyfile",
      cause,
    });
  }
}
