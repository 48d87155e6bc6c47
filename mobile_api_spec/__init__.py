"""The API as OpenAPI 3.1, generated from the routes and models. Only tests and tools import this; the app never does."""
