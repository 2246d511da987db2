const bcrypt = require("bcrypt");
const express = require("express");

const app = express();
app.get("/hash", (request, response) => {
  const hash = bcrypt.hashSync(String(request.query.password || ""), 4);
  response.json({ ok: bcrypt.compareSync(String(request.query.password || ""), hash) });
});

app.listen(8080);
