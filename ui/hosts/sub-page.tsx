// A page below one of a host's tabs, such as an editor.
import type { Child } from "hono/jsx";
import { Crumbs } from "../components/panels.tsx";
import { Page } from "../layout.tsx";
import { type HostTab, hostPath } from "../links.ts";
import type { View } from "../view.ts";

const TAB_WORDS = { sources: "Sources", schedules: "Schedules", repos: "Repos" } as const;

/** `here` is the last crumb; `live` is the page's own address if it polls itself. */
export function HostSubPage(props: {
  view: View;
  title: string;
  host: { id: string; name: string };
  tab: Extract<HostTab, keyof typeof TAB_WORDS>;
  here: Child;
  live?: string;
  children: Child;
}) {
  const { view, title, host, tab, here, live, children } = props;
  return (
    <Page view={view} title={title} {...(live ? { live } : {})}>
      <Crumbs
        crumbs={[
          { label: "Dashboard", href: "/" },
          { label: <code>{host.name}</code>, href: hostPath(host.id) },
          { label: TAB_WORDS[tab], href: hostPath(host.id, tab) },
          { label: here },
        ]}
      />
      {children}
    </Page>
  );
}
