// The command palette and the list of keyboard shortcuts, available on every page.
import { Icon } from "./components/icon.tsx";

export function Palette() {
  return (
    <dialog class="palette" id="palette" aria-label="Command palette">
      <div class="palette-input">
        <Icon name="search" />
        <input
          id="palette-query"
          role="combobox"
          aria-label="Go to a host, repo or page, or run a source group"
          aria-expanded="true"
          aria-controls="palette-list"
          placeholder="Go to a host, repo or page, or run a source group"
          autocomplete="off"
          spellcheck={false}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="palette-list" role="listbox" id="palette-list" aria-label="Results" />
      <div class="palette-foot">
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd>select
        </span>
        <span>
          <kbd>↵</kbd>open
        </span>
        <span class="only-wide">
          <kbd>?</kbd>all shortcuts
        </span>
      </div>
    </dialog>
  );
}

const SHORTCUTS = [
  [["/"], "Filter this page, or open the palette"],
  [["Ctrl", "K"], "Open the palette"],
  [["?"], "Show this list"],
  [["←", "→"], "Move along a night strip"],
  [["↵"], "Open that night’s jobs"],
  [["Esc"], "Close menus and dialogs"],
] as const;

export function Shortcuts() {
  return (
    <dialog class="dialog" id="shortcuts" aria-labelledby="shortcuts-title">
      <div class="dialog-body">
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <dl class="facts-rows keys">
          {SHORTCUTS.map(([keys, words]) => (
            <>
              <dt>
                {keys.map((key) => (
                  <kbd>{key}</kbd>
                ))}
              </dt>
              <dd>{words}</dd>
            </>
          ))}
        </dl>
      </div>
      <div class="dialog-foot">
        <button class="btn" type="button" command="close" commandfor="shortcuts" data-close="">
          Close
        </button>
      </div>
    </dialog>
  );
}
