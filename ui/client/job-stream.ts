// A job's WebSocket, which reconnects after 1 s to 30 s and resumes after the last line received.

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export type Stream = {
  url: string;
  /** The last log line received; the server continues after it. */
  lastSeq: () => number;
  /** Handles one parsed frame. Returns true to close the stream for good. */
  hear: (frame: unknown) => boolean;
};

export function openStream({ url, lastSeq, hear }: Stream): void {
  let wait = FIRST_WAIT_MS;
  let done = false;
  const bar = document.querySelector<HTMLElement>("#reconnect");

  const connect = () => {
    const address = new URL(`${url}?after_seq=${lastSeq()}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      if (bar) bar.hidden = true;
    });
    socket.addEventListener("message", ({ data }) => {
      if (hear(JSON.parse(String(data)))) {
        done = true;
        socket.close();
      }
    });
    socket.addEventListener("close", ({ code }) => {
      // Reconnecting cannot help if the session has ended (4401) or the job is gone (4404).
      if (done || code === 4401 || code === 4404 || code === 1000) return;
      if (bar) bar.hidden = false;
      setTimeout(connect, wait * (0.5 + Math.random() / 2));
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    });
  };
  connect();
}
