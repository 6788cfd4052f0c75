// A person at the REST interface: signs in, keeps the cookie and the CSRF token, speaks JSON.

export const ADMIN = { username: "admin", password: "correct horse battery staple 7" };

export type Answer = {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect, and fail on anything else
  body: any;
};

export type Api = {
  url: string;
  /** The cookie header and CSRF token, for requests made by hand or for a browser. */
  session(): { cookie: string; csrfToken: string };
  /** Sends a request and returns whatever comes. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  // As send, but anything other than 2xx is an error; return the body.
  // biome-ignore-start lint/suspicious/noExplicitAny: as above
  get(path: string): Promise<any>;
  post(path: string, body?: unknown): Promise<any>;
  put(path: string, body: unknown): Promise<any>;
  patch(path: string, body: unknown): Promise<any>;
  delete(path: string): Promise<any>;
  // biome-ignore-end lint/suspicious/noExplicitAny: as above
  /** Makes the first admin, and is signed in as that one from then on. */
  bootstrap(setupToken: string, who?: typeof ADMIN): Promise<void>;
  signIn(who?: typeof ADMIN): Promise<void>;
};

/** A client of the server at `url`, signed in as nobody. */
export function createApi(url: string): Api {
  let cookie = "";
  let csrfToken = "";

  const send: Api["send"] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: "manual",
      tls: { rejectUnauthorized: false },
      headers: {
        ...(cookie ? { cookie } : {}),
        ...(method === "GET" ? {} : { "x-csrf-token": csrfToken }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(";")[0]!;
      if (pair.startsWith("rm_session=")) cookie = pair;
    }
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  const ok = async (method: string, path: string, body?: unknown) => {
    const answer = await send(method, path, body);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  };

  const enter = async (path: string, body: unknown) => {
    csrfToken = (await ok("POST", path, body)).csrf_token;
  };

  return {
    url,
    session: () => ({ cookie, csrfToken }),
    send,
    get: (path) => ok("GET", path),
    post: (path, body = {}) => ok("POST", path, body),
    put: (path, body) => ok("PUT", path, body),
    patch: (path, body) => ok("PATCH", path, body),
    delete: (path) => ok("DELETE", path),
    bootstrap: (token, who = ADMIN) => enter("/api/bootstrap", { token, ...who }),
    signIn: (who = ADMIN) => enter("/api/auth/login", who),
  };
}
