/** The server's end of a WebSocket: Bun has one set of handlers, and each socket brings its own callbacks. */
import type { ServerWebSocket } from "bun";

export type SocketEnd = {
  open(ws: Socket): void;
  message(ws: Socket, frame: string): void;
  close(ws: Socket, code: number): void;
  drain(ws: Socket): void;
};

export type Socket = ServerWebSocket<SocketEnd>;

/** Bun's handlers. An exception in one must not stop the process. */
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
