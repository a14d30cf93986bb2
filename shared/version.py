"""The version of this app, as health and the command offers' callers see it."""

APP_VERSION = "0.1.0"
