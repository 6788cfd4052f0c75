// What the keyboard opens on every page: the palette that jumps and runs, and the list of shortcuts.
import { Icon } from "./components/icon.tsx";

export function Palette() {
  return (
    <dialog class="palette" id="palette" aria-label="Jump to or run">
      <div class="palette-input">
        <Icon name="search" />
        <input
          id="palette-query"
          role="combobox"
          aria-label="Jump to or run"
          aria-expanded="true"
          aria-controls="palette-list"
          placeholder="Jump to a host, repo or page, or run a group"
          autocomplete="off"
          spellcheck={false}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="palette-list" role="listbox" id="palette-list" aria-label="Results" />
      <div class="palette-foot">
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd>choose
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
  [["/"], "Filter this page, or find anything"],
  [["Ctrl", "K"], "Jump to a host, repo or page, or run a group"],
  [["?"], "This list"],
  [["←", "→"], "Walk the nights of a strip"],
  [["↵"], "Open the jobs of that night"],
  [["Esc"], "Close what floats"],
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
