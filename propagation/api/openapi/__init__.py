"""What the API looks like from outside: the OpenAPI document, made from routes and shapes."""
