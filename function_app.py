"""The function app: `ROLE` says whose functions it serves. Without a valid one only `health` is there, and says so."""

import importlib
import os

import azure.functions as func

from shared import health, telemetry

if telemetry.is_on():  # nothing may be exported before it is guarded
    importlib.import_module("shared.telemetry_guard").apply()
app = func.FunctionApp()
app.register_functions(health.blueprint)
for role in health.ROLES.get(os.environ.get("ROLE", ""), ()):
    app.register_functions(importlib.import_module(f"{role}.functions").blueprint)
