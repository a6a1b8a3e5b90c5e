const express = require("express");

const version = "1";
const app = express();

app.get("/", (request, response) => {
  response.type("text/plain").send(`Hello from Stoa\nhello-node, version ${version}\n`);
});

const server = app.listen(process.env.PORT || 8000, "0.0.0.0", () => {
  console.log(`hello-node listens on port ${server.address().port}`);
});

process.on("SIGTERM", () => {
  console.log("hello-node got SIGTERM and ends");
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
