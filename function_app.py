"""The function app: `ROLE` says whose functions it serves. Without a valid one only `health` is there, and says so."""

import importlib
import os

import azure.functions as func

from shared import health

app = func.FunctionApp()
app.register_functions(health.blueprint)
for role in health.ROLES.get(os.environ.get("ROLE", ""), ()):
    app.register_functions(importlib.import_module(f"{role}.functions").blueprint)
