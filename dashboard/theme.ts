import { setText } from "./dom.ts";
import { recall, remember } from "./memory.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = typeof THEMES[number];

/** Lets the button go through the themes; `onChange` hears of what the system changes too. */
export function startTheme(button: HTMLElement, onChange: () => void): void {
  apply(button, stored());
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(applied()) + 1) % THEMES.length] ?? "auto";
    remember("theme", next);
    apply(button, next);
    onChange();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
}

/** What a colour of the style sheet is in the theme in force, as `rgb(…)`. @param name `--line` */
export function colourOf(name: string): string {
  const probe = document.createElement("span");
  // Only a colour that is used is worked out: the variable itself still holds both themes.
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function apply(button: HTMLElement, theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  setText(button, `Theme: ${theme}`);
}

function applied(): Theme {
  return THEMES.find((theme) => theme === document.documentElement.dataset["theme"]) ?? "auto";
}

function stored(): Theme {
  const found = recall("theme");
  return THEMES.find((theme) => theme === found) ?? "auto";
}
