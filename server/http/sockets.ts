/** What stands behind a WebSocket: Bun has one set of handlers, each socket brings its own end. */
import type { ServerWebSocket } from "bun";

export type SocketEnd = {
  open(ws: Socket): void;
  message(ws: Socket, frame: string): void;
  close(ws: Socket, code: number): void;
  drain(ws: Socket): void;
};

export type Socket = ServerWebSocket<SocketEnd>;

/** Bun's handlers; an exception in one must not take the process with it. */
export function socketHandlers(onError: (error: unknown) => void) {
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (error) {
      onError(error);
    }
  };
  return {
    open: (ws: Socket) => guarded(() => ws.data.open(ws)),
    message: (ws: Socket, frame: string | Buffer) =>
      guarded(() => ws.data.message(ws, typeof frame === "string" ? frame : frame.toString("utf8"))),
    close: (ws: Socket, code: number) => guarded(() => ws.data.close(ws, code)),
    drain: (ws: Socket) => guarded(() => ws.data.drain(ws)),
  };
}
