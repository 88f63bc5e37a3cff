/** The message of a thrown value, which need not be an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "part of the path is not a directory",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "the file name is too long",
};

/** The reason of a file system error in words; for other errors, the message. */
export function reasonOf(error: unknown): string {
  const { code = "" } = (error ?? {}) as { code?: string };
  return reasons[code] ?? messageOf(error);
}
