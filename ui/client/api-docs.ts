/** Shows the OpenAPI document in Swagger UI, where only GET requests can be tried out. */

type SwaggerOptions = {
  url: string;
  dom_id: string;
  deepLinking: boolean;
  docExpansion: "list";
  defaultModelsExpandDepth: number;
  supportedSubmitMethods: string[];
  validatorUrl: null;
  filter: boolean;
};
declare const SwaggerUIBundle: (options: SwaggerOptions) => unknown;

const theme = document.documentElement.dataset["theme"];
const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
// Swagger UI's dark theme depends on this class.
document.documentElement.classList.toggle("dark-mode", isDark);

SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#api-docs",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: ["get"],
  validatorUrl: null,
  filter: true,
});
