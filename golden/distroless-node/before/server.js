const express = require("express");

const app = express();
app.get("/healthz", (_request, response) => response.json({ ok: true }));
app.get("/", (request, response) => response.send(`hello ${request.query.name || "world"}`));

const server = app.listen(Number(process.env.PORT || 3000), () => console.log("listening"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
