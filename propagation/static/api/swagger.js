"use strict";

// Requests that change anything need Django's token when a session, not a bearer token, says who asks.
function addToken(request) {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token) {
    request.headers["X-CSRFToken"] = token[1];
  }
  return request;
}

const page = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: page.dataset.document,
  domNode: page,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
  requestInterceptor: addToken,
});
