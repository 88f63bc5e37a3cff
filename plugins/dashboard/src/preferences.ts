/** What a person chose, kept by the browser where it may. */
export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  /** Whether single letters are shortcuts. */
  readonly letters: boolean;
  /** Whether the terminal speaks to screen readers, which costs it speed. */
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
    // A browser that keeps nothing: the choice holds as long as the page.
  }
}

export function isDark({ theme }: Preferences): boolean {
  return theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}
