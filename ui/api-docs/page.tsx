/** The API reference: Swagger UI, loaded from this server only. */
import type { ApiDocsUrls, Preferences } from "../../shared/pages.ts";

export function ApiDocsPage({
  assets,
  icon,
  preferences,
}: {
  assets: ApiDocsUrls;
  icon: string;
  preferences: Preferences;
}) {
  return (
    <html lang="en" data-theme={preferences.theme ?? undefined}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>API reference · restic-manager</title>
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" type="image/svg+xml" href={icon} />
        <link rel="stylesheet" href={assets.styles} />
        <script src={assets.library} defer />
        <script src={assets.script} defer />
      </head>
      <body>
        <div id="api-docs" />
      </body>
    </html>
  );
}
