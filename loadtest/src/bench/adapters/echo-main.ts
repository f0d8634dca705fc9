import { App, us_socket_local_port } from 'uWebSockets.js';

// The baseline of gateways: uWebSockets.js with nothing around it. Says its port in one line, and runs until it is ended.
const app = App();
app.ws('/*', { message: (ws, message, isBinary) => void ws.send(message, isBinary) });
app.listen('127.0.0.1', 0, (listening) => {
  if (listening) console.log(JSON.stringify({ echoPort: us_socket_local_port(listening) }));
  else process.exitCode = 1;
});
