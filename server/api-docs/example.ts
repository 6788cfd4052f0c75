/** Makes an example for a JSON schema: its own example if it has one, otherwise the smallest value that fits. */

export type JsonSchema = { [key: string]: unknown };

/** The first that fits is used. */
const TEXTS = ["", "a", "0193a4c2-7d3e-7abc-8def-0123456789ab", "0".repeat(64), "A".repeat(43)];

function textOf({ pattern, minLength }: JsonSchema): string {
  const rule = typeof pattern === "string" ? new RegExp(pattern) : null;
  const least = typeof minLength === "number" ? minLength : 0;
  return TEXTS.find((text) => text.length >= least && (rule === null || rule.test(text))) ?? "";
}

export function exampleOf(schema: JsonSchema, lookUp: (ref: string) => JsonSchema): unknown {
  const make = (one: JsonSchema): unknown => {
    if (typeof one["$ref"] === "string") return make(lookUp(one["$ref"]));
    if (Array.isArray(one["examples"])) return one["examples"][0];
    if ("const" in one) return one["const"];
    if (Array.isArray(one["enum"])) return one["enum"][0];
    const choices = (one["anyOf"] ?? one["oneOf"]) as JsonSchema[] | undefined;
    if (choices) return make(choices[0] ?? {});
    if (one["type"] === "object") return objectOf(one);
    if (one["type"] === "array") return one["items"] ? [make(one["items"] as JsonSchema)] : [];
    if (one["type"] === "boolean") return false;
    if (one["type"] === "null") return null;
    if (one["type"] === "number" || one["type"] === "integer") return (one["minimum"] as number | undefined) ?? 0;
    return one["type"] === "string" ? textOf(one) : {};
  };
  const objectOf = (one: JsonSchema): Record<string, unknown> => {
    const properties = (one["properties"] ?? {}) as Record<string, JsonSchema>;
    const required = (one["required"] ?? []) as string[];
    return Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => required.includes(name))
        .map(([name, value]) => [name, make(value)]),
    );
  };
  return make(schema);
}
