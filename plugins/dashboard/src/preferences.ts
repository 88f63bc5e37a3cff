/** The user's settings, saved by the browser if it allows that. */
export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  /** Whether single letters are shortcuts. */
  readonly letters: boolean;
  /** Whether the terminal supports screen readers, which makes it slower. */
  readonly readAloud: boolean;
}

const key = "gafferd dashboard";
const defaults: Preferences = { theme: "system", letters: true, readAloud: false };

export function loadPreferences(): Preferences {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(key) ?? "{}") };
  } catch {
    return defaults;
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(key, JSON.stringify(preferences));
  } catch {
    // The browser does not allow storage, so the settings last until the page is closed.
  }
}

export function isDark({ theme }: Preferences): boolean {
  return theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}
