document.querySelector("#board").textContent = "Nothing to do";
